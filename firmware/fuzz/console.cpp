// Input of the serial console, in pieces: every line has at most one answer, and settings stay valid.

#include <algorithm>
#include <memory>
#include <string>

#include "core/json_reader.h"
#include "features/serial_debug/serial_debug.h"
#include "fuzz/input.h"
#include "support/config_rig.h"

namespace pb::fuzz {
namespace {

struct Bench : ConfigRig {
  SerialDebug console{uart, log};

  Bench() {
    config.load(1);
    console.add({"set", "<key> <value>",
                 [](void* self, Text arguments, Logger&) { static_cast<Bench*>(self)->set(arguments); }, this});
  }

  void set(Text arguments) {
    const Text key = take_word(arguments);
    const StorageDone done{[](void* self, StorageResult) { static_cast<Bench*>(self)->log.answer("ok"); }, this};
    if (const auto error = config.set(key, arguments, done)) log.answer("error: ", error);
  }

  void poll() {
    for (int i = 0; i < 64; ++i) {
      const Millis due = console.poll(0);
      if (!storage.run_one() && due != 0) return;
    }
  }
};

size_t count_of(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) ++count;
  return count;
}

}  // namespace
}  // namespace pb::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace pb;
  using namespace pb::fuzz;
  Input input(data, size);
  const size_t piece = 1u + input.byte();
  const auto bench = std::make_unique<Bench>();
  bench->uart.take();
  const Text typed = input.text();
  const auto ends = static_cast<size_t>(
      std::count_if(typed.data, typed.data + typed.length, [](char c) { return c == '\r' || c == '\n'; }));
  while (!input.empty()) {
    const Bytes bytes = input.take(piece);
    bench->uart.type({reinterpret_cast<const char*>(bytes.data), bytes.length});
    bench->poll();
  }
  const std::string written = bench->uart.take();
  const size_t answers = count_of("\r\n" + written, "\r\n= ");
  require(answers <= ends, "a line has at most one answer");
  // Ctrl-U discards the line that the input may have begun.
  bench->uart.type("\x15set Nope x\r");
  bench->poll();
  require(count_of(bench->uart.take(), "= error: ") == 1, "the console still answers");
  char bytes[Storage::kMaxContent];
  JsonWriter json{Span<char>(bytes)};
  bench->config.write(json, Config::Secrets::plain);
  JsonError error;
  require(parse_json(json.text(), error).exists(), "the settings are JSON");
  return 0;
}
