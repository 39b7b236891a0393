#pragma once

#include "features/schema/schema_store.h"
#include "features/serial_debug/serial_debug.h"

namespace pb {

/// The console command `schema`: shows the schemas in use, and replaces the pack.
class SchemaConsole {
 public:
  SchemaConsole(SchemaStore& store, Logger& console) : store_(store), console_(console) {}

  /// The command to register.
  Command command();

 private:
  void run(Text arguments);
  void show();
  void write(Text hexadecimal);
  SchemaStore::Done answer_when_done();
  /// Answers a complaint; without one the answer comes later.
  void answer_complaint(const char* complaint);

  SchemaStore& store_;
  Logger& console_;
};

}  // namespace pb
