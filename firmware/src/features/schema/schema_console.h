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
  /// Answers with an error; without an error the answer comes later.
  void answer_error(const char* error);

  SchemaStore& store_;
  Logger& console_;
};

}  // namespace pb
