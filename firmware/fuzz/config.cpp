// Any content of the file config.json: the device starts, and reads the file that it writes without a loss.

#include <memory>
#include <string>

#include "core/json_reader.h"
#include "fuzz/input.h"
#include "support/config_rig.h"

namespace pb::fuzz {
namespace {

struct Bench : ConfigRig {
  explicit Bench(const std::string& file) {
    storage.files["config.json"] = file;
    config.load(1);
  }
  std::string settings() const {
    char bytes[2 * Storage::kMaxContent];
    JsonWriter json{Span<char>(bytes)};
    config.write(json, Config::Secrets::plain);
    return {json.text().data, json.text().length};
  }
};

}  // namespace
}  // namespace pb::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace pb;
  using namespace pb::fuzz;
  if (size > Storage::kMaxContent) return 0;  // the storage has no such file
  const auto first = std::make_unique<Bench>(std::string(reinterpret_cast<const char*>(data), size));
  JsonError json_error;
  const std::string settings = first->settings();
  require(parse_json({settings.data(), settings.size()}, json_error).exists(), "the settings are JSON");
  // A change writes the file anew.
  const auto error = first->config.set("heartbeat_interval_s", "77", {});
  require(error == nullptr || error == Config::kBusy || error[0] != '\0', "an error has a text");
  if (error != nullptr) return 0;
  first->storage.run_all();
  const auto second = std::make_unique<Bench>(first->storage.files["config.json"]);
  require(second->settings() == first->settings(), "a written file gives the same settings");
  require(second->uart.written().find("W (") == std::string::npos, "a written file has no invalid value");
  return 0;
}
