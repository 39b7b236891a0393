// Any text as JSON: a valid text can be iterated, searched, decoded and written again.

#include <vector>

#include "core/json_reader.h"
#include "core/utf8.h"
#include "fuzz/input.h"

namespace pb::fuzz {
namespace {

void walk(JsonValue value, JsonWriter& json, unsigned depth) {
  require(depth <= kMaxJsonDepth, "nesting has a limit");
  bool boolean = false;
  int64_t integer = 0;
  switch (value.kind()) {
    case JsonKind::none:
      require(false, "a member of a valid text exists");
      return;
    case JsonKind::null:
      json.null();
      return;
    case JsonKind::boolean:
      require(value.get(boolean), "a boolean can be read");
      json.boolean(boolean);
      return;
    case JsonKind::number:
      if (value.get(integer)) {
        json.number(integer);
      } else {
        json.raw(value.raw());
      }
      return;
    case JsonKind::string: {
      std::vector<char> decoded(value.raw().length);
      size_t length = 0;
      require(value.unescape({decoded.data(), decoded.size()}, length), "a decoded string is no longer than its text");
      const Text text{decoded.data(), length};
      require(is_utf8(text.bytes()), "a decoded string is UTF-8");
      require(value.characters() == count_characters(text), "characters() counts those of the decoded string");
      require(value.equals(text), "a string equals what it decodes to");
      json.string(text);
      return;
    }
    case JsonKind::array:
    case JsonKind::object: {
      const bool object = value.kind() == JsonKind::object;
      size_t count = 0;
      if (object) {
        json.begin_object();
      } else {
        json.begin_array();
      }
      for (JsonItems items(value); items.next(); ++count) {
        if (object) {
          std::vector<char> name(items.name().raw().length);
          size_t length = 0;
          require(items.name().unescape({name.data(), name.size()}, length), "a name can be decoded");
          require(value.find({name.data(), length}).exists(), "a member is found by its name");
          json.key({name.data(), length});
        } else if (count < 8) {  // at() counts from the start, which would make a long array slow
          require(value.at(count).raw() == items.value().raw(), "at() and the iteration agree");
        }
        walk(items.value(), json, depth + 1);
      }
      require(count == value.size(), "size() counts the items");
      if (object) {
        json.end_object();
      } else {
        json.end_array();
      }
    }
  }
}

}  // namespace
}  // namespace pb::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace pb;
  using namespace pb::fuzz;
  const Text text = Input(data, size).text();
  JsonError error;
  const JsonValue value = parse_json(text, error);
  if (!value.exists()) {
    require(error.reason[0] != '\0', "an invalid text has a reason");
    require(error.offset <= size, "the place of an error is in the text");
    return 0;
  }
  require(is_utf8(value.raw().bytes()), "a valid text is UTF-8");
  // A byte that is escaped takes six.
  std::vector<char> bytes(6 * size + 16);
  JsonWriter json{Span<char>(bytes.data(), bytes.size())};
  walk(value, json, 0);
  require(json.ok(), "what was read can be written");
  JsonError second;
  require(parse_json(json.text(), second).exists(), "what was written can be read");
  return 0;
}
