// Console commands that concern several features; docs/console-protocol.md lists them.
#include "app/app.h"
#include "core/decimal.h"
#include "features/config/key_help.h"

namespace pb {

namespace {

void reboot(void* app, Text, Logger& console) {
  console.answer("ok");
  static_cast<App*>(app)->request_restart(ResetReason::software);
}

bool is_group(Text name) {
  for (const Text group : kKeyGroupNames) {
    if (group == name) return true;
  }
  return false;
}

/// Shows all settings, the settings of a group, or the row of the table for a key.
void show_config(void* context, Text arguments, Logger& console) {
  const auto& config = *static_cast<const Config*>(context);
  const Text word = take_word(arguments);
  if (word.empty() || (word == "list" && is_group(arguments))) {
    return console.answer_json([&](JsonWriter& json) { config.write(json, Config::Secrets::masked, arguments); });
  }
  if (word == "list") {
    return console.answer_by([](TextWriter& text) {
      text.append("error: config list needs a group:");
      for (const Text group : kKeyGroupNames) text.append_all(' ', group);
    });
  }
  if (word != "help") return console.answer("error: config needs list with a group, help with a key, or nothing");
  if (arguments.empty()) return console.answer("error: config help needs a key, see config");
  const Key* key = find_key(arguments);
  if (key == nullptr) return console.answer("error: '", arguments, "' is no key of the configuration, see config");
  console.answer_json([key](JsonWriter& json) { write_key_help(json, *key); });
}

void crash(void* controls, Text kind, Logger& console) {
  auto& breaker = *static_cast<TestControls*>(controls);
  constexpr struct {
    Text word;
    Crash crash;
  } kKinds[] = {{"abort", Crash::abort},
                {"null", Crash::null_pointer},
                {"assert", Crash::failed_assert},
                {"stack", Crash::stack_overflow}};
  for (const auto& each : kKinds) {
    if (kind != each.word) continue;
    console.answer("ok");
    return breaker.crash(each.crash);
  }
  console.answer("error: crash needs abort, null, assert or stack");
}

void leak(void* controls, Text arguments, Logger& console) {
  uint64_t bytes = 0;
  constexpr uint64_t kMost = 65'535;
  if (!parse_decimal_unsigned(arguments, bytes) || bytes > kMost) {
    return console.answer("error: leak needs a number of bytes, up to ", kMost);
  }
  static_cast<TestControls*>(controls)->leak_per_connection(static_cast<size_t>(bytes));
  console.answer("ok");
}

void largest_block(void* controls, Text arguments, Logger& console) {
  uint64_t bytes = 0;
  constexpr uint64_t kLeast = 16;  // the smallest block of the heap
  if (!parse_decimal_unsigned(arguments, bytes) || (bytes != 0 && bytes < kLeast)) {
    return console.answer("error: largest_block needs a number of bytes from ", kLeast, " on, or 0");
  }
  static_cast<TestControls*>(controls)->limit_largest_block(static_cast<size_t>(bytes));
  console.answer("ok");
}

void hang(void* controls, Text, Logger& console) {
  console.answer("ok");
  static_cast<TestControls*>(controls)->hang();
}

void load(void* test_load, Text arguments, Logger& console) {
  uint64_t permille = 0;
  if (!parse_decimal_unsigned(arguments, permille) || permille > TestLoad::kMaxPermille) {
    return console.answer("error: load needs a share of the processor's time, of 0 to ", TestLoad::kMaxPermille,
                          " permille");
  }
  static_cast<TestLoad*>(test_load)->set(static_cast<uint32_t>(permille));
  console.answer("ok");
}

}  // namespace

void App::add_commands() {
  serial_debug_.add({"status", "[full|units]",
                     [](void* app, Text arguments, Logger&) { static_cast<App*>(app)->status(arguments); }, this});
  serial_debug_.add({"config", "[list <group>|help <key>]", &show_config, &config_});
  serial_debug_.add({"set", "<key> <value>",
                     [](void* app, Text arguments, Logger&) { static_cast<App*>(app)->set(arguments); }, this});
  serial_debug_.add({"transfer", "<vendorId> [<messageId> [<data>]]",
                     [](void* app, Text arguments, Logger&) { static_cast<App*>(app)->transfer(arguments); }, this});
  serial_debug_.add({"log", "[<level>|level [<feature>] <level>|tail [<lines>]|dump|crash|flush|note <text>]",
                     [](void* app, Text arguments, Logger&) { static_cast<App*>(app)->log_command(arguments); }, this});
  serial_debug_.add(wifi_console_.command());
  serial_debug_.add(schema_console_.command());
  serial_debug_.add(web_ui_.command());
  serial_debug_.add(
      {"storage", "[format yes]",
       [](void* guard, Text arguments, Logger&) { static_cast<StorageGuard*>(guard)->command(arguments); },
       &storage_guard_});
  serial_debug_.add({"reboot", "", &reboot, this});
  if (TestControls* controls = ports_.system.test_controls(); controls != nullptr) add_test_commands(*controls);
}

void App::add_test_commands(TestControls& controls) {
  serial_debug_.add({"crash", "abort|null|assert|stack", &crash, &controls});
  serial_debug_.add({"leak", "<bytes>", &leak, &controls});
  serial_debug_.add({"largest_block", "<bytes>", &largest_block, &controls});
  serial_debug_.add({"hang", "", &hang, &controls});
  test_load_.use(controls);
  serial_debug_.add({"load", "<permille>", &load, &test_load_});
}

/// Shows the state, every number of the telemetry, or the units of these numbers.
void App::status(Text part) {
  if (part.empty()) return log_.answer_json([this](JsonWriter& json) { status_.write(json); });
  if (part == "full") return log_.answer_json([this](JsonWriter& json) { monitor_.write_full(json); });
  if (part == "units") return log_.answer_json([this](JsonWriter& json) { monitor_.write_units(json); });
  log_.answer("error: status needs full, units or nothing");
}

/// Sends a DataTransfer and answers with its DataTransfer.conf.
void App::transfer(Text arguments) {
  const Text vendor = take_word(arguments);
  const Text message = take_word(arguments);
  if (vendor.empty()) return log_.answer("error: transfer needs a vendorId");
  const DataTransferDone done{[](void* context, Text answer, Text failure) {
                                Logger& console = static_cast<App*>(context)->log_;
                                if (failure.empty()) return console.answer(answer);
                                console.answer("error: ", failure);
                              },
                              this};
  const char* error = charge_point_.transfer(vendor, message, arguments, done, ports_.clock.now());
  if (error != nullptr) log_.answer("error: no DataTransfer is sent: ", error);
}

void App::log_command(Text arguments) {
  constexpr Text kAlone[] = {"dump", "crash", "flush"};
  Text rest = arguments;
  const Text word = take_word(rest);
  LogLevel level;
  for (const Text alone : kAlone) {
    if (word == alone && !rest.empty()) return log_.answer("error: log ", word, " takes no argument");
  }
  if (word.empty()) {
    log_.answer_json([this](JsonWriter& json) {
      char bytes[400];  // the texts of all tags
      TextWriter levels{Span<char>(bytes)};
      log_.levels().format(levels);
      json.begin_object();
      json.member("levels", levels.text());
      json.member("files", log_store_.last_file() + 1 - log_store_.first_file());
      json.member("writes", log_store_.writes());
      json.member("lost_bytes", log_store_.lost());
      json.end_object();
    });
  } else if (parse_log_level(word, level) && rest.empty()) {
    set_log_level(word);
  } else if (word == "level") {
    set_log_level(rest);
  } else if (word == "tail") {
    uint64_t lines = LogConsole::kTailLines;
    if (!rest.empty() && (!parse_decimal_unsigned(rest, lines) || lines == 0 || lines > UINT32_MAX)) {
      return log_.answer("error: log tail needs a number of lines from 1 on");
    }
    log_console_.tail(static_cast<uint32_t>(lines));
  } else if (word == "dump") {
    log_console_.dump();
  } else if (word == "crash") {
    log_console_.crash();
  } else if (word == "flush") {
    flush_log();
  } else if (word == "note" && !rest.empty()) {
    log_.info("note", rest);
    log_.answer("ok");
  } else {
    log_.answer("error: log needs a level, or level, tail, dump, crash, flush or note, see help");
  }
}

/// Sets a level until the next boot, or until the setting changes. @param arguments `[<feature>] <level>`
void App::set_log_level(Text arguments) {
  const Text first = take_word(arguments);
  const bool is_for_all = arguments.empty();
  LogLevel level;
  if (!parse_log_level(is_for_all ? first : arguments, level)) {
    return log_.answer("error: log level needs error, warning, info or debug");
  }
  if (is_for_all) {
    log_.levels().set(level);
  } else if (const char* error = log_.levels().set(first, level); error != nullptr) {
    return log_.answer("error: log level ", error);
  }
  log_.answer("ok");
}

void App::flush_log() {
  if (config_.settings().log_files == 0)
    return log_.answer("error: log_files is 0, so the log is not written to flash");
  const bool has_begun = log_store_.flush({[](void* context, StorageResult result) {
                                             Logger& console = static_cast<App*>(context)->log_;
                                             if (result == StorageResult::ok) return console.answer("ok");
                                             console.answer("error: the log cannot be stored: ", name_of(result));
                                           },
                                           this});
  if (!has_begun) log_.answer("error: the log is being written already; try again");
}

void App::set(Text arguments) {
  const Text key = take_word(arguments);
  if (key.empty()) return log_.answer("error: set needs a key and a value");
  const StorageDone done{[](void* context, StorageResult result) {
                           auto& app = *static_cast<App*>(context);
                           if (result != StorageResult::ok) {
                             app.log_.answer("error: the setting cannot be stored: ", name_of(result));
                             return;
                           }
                           app.log_.answer("ok");
                         },
                         this};
  const char* error = equal_ignoring_case(key, Security::kKeyName) ? security_.set_authorization_key(arguments, done)
                                                                   : config_.set(key, arguments, done);
  if (error == nullptr) return;
  const bool is_value_wrong = error != Config::kBusy && error != Config::kNoRoom && error != Security::kBusy;
  const bool has_help = find_key(key) != nullptr && is_value_wrong;
  log_.answer("error: ", key, ' ', error, has_help ? "; see config help " : "", has_help ? key : Text());
}

}  // namespace pb
