#include "features/local_list/list_head.h"

#include "core/json_reader.h"
#include "core/json_writer.h"

namespace pb {
namespace {

bool get(JsonValue value, uint32_t& into) {
  uint64_t wide = 0;
  if (!value.get_unsigned(wide) || wide > UINT32_MAX) return false;
  into = static_cast<uint32_t>(wide);
  return true;
}

}  // namespace

Bytes ListHead::encode(Span<char> into) const {
  JsonWriter json(into);
  json.begin_object().member("version", version).member("entries", entries).member("set", set);
  json.key("from").begin_array();
  for (size_t page = 0; page < pages; ++page) json.number_unsigned(from[page]);
  json.end_array().end_object();
  return json.text().bytes();
}

bool ListHead::decode(Bytes content) {
  JsonError error;
  const JsonValue json = parse_json({reinterpret_cast<const char*>(content.data), content.length}, error);
  ListHead read_one;
  const JsonValue hashes = json.find("from");
  if (!json.find("version").get(read_one.version) || !get(json.find("entries"), read_one.entries) ||
      !get(json.find("set"), read_one.set) || read_one.set > 1 || hashes.kind() != JsonKind::array ||
      hashes.size() > kMaxPages) {
    return false;
  }
  for (JsonItems items(hashes); items.next(); ++read_one.pages) {
    if (!get(items.value(), read_one.from[read_one.pages])) return false;
  }
  *this = read_one;
  return true;
}

}  // namespace pb
