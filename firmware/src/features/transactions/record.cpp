#include "features/transactions/record.h"

#include "core/crc32.h"
#include "core/json_reader.h"
#include "core/json_writer.h"
#include "core/text_writer.h"

namespace pb {
namespace {

// A file has 8 hexadecimal digits of CRC-32, a space, and the JSON text that the CRC covers.
constexpr size_t kPrefix = 9;

constexpr const char* kTypes[] = {"start", "stop"};

/// Writes the CRC in front of the JSON text that begins kPrefix bytes into `buffer`.
Bytes seal(Span<char> buffer, const JsonWriter& json) {
  Text text = json.text();
  if (text.empty()) return {};
  TextWriter prefix(buffer.first(kPrefix));
  prefix.append_all(Hex{crc32(text.bytes()), 8}, ' ');
  return {reinterpret_cast<const uint8_t*>(buffer.data), kPrefix + text.length};
}

/// @return the JSON value, or `none` when the content is damaged.
JsonValue unseal(Bytes content) {
  if (content.length < kPrefix) return {};
  char expected[kPrefix] = {};
  TextWriter prefix(expected);
  prefix.append_all(Hex{crc32(content.after(kPrefix)), 8}, ' ');
  if (memcmp(expected, content.data, kPrefix) != 0) return {};
  JsonError error;
  return parse_json({reinterpret_cast<const char*>(content.data) + kPrefix, content.length - kPrefix}, error);
}

bool get(JsonValue value, uint32_t& into) {
  uint64_t wide = 0;
  if (!value.get_unsigned(wide) || wide > UINT32_MAX) return false;
  into = static_cast<uint32_t>(wide);
  return true;
}

void write(JsonWriter& json, const Stamp& stamp) {
  json.begin_array().number_unsigned(stamp.boot).number_unsigned(stamp.at).number(stamp.wall_ms);
  json.boolean(stamp.from_csms).end_array();
}

bool read(JsonValue value, Stamp& stamp) {
  // Earlier versions did not store the source of the time.
  if (!value.at(3).get(stamp.from_csms)) stamp.from_csms = false;
  return get(value.at(0), stamp.boot) && value.at(1).get_unsigned(stamp.at) && value.at(2).get(stamp.wall_ms);
}

/// Writes the members that a start has in its own file and also in the file of its stop.
void write_id(JsonWriter& json, const Record& record) {
  json.member("seq", record.sequence).member("nonce", record.nonce);
}

void write_reading(JsonWriter& json, const Record& record) {
  write(json.key("at"), record.stamp);
  json.member("wh", record.energy_wh).member("tag", record.id_tag.text());
}

bool read_members(JsonValue json, Record& record) {
  return get(json.find("seq"), record.sequence) && get(json.find("nonce"), record.nonce) &&
         read(json.find("at"), record.stamp) && json.find("wh").get_unsigned(record.energy_wh) &&
         json.find("tag").get(record.id_tag);
}

}  // namespace

Bytes Record::encode(Span<char> into, const Record* start) const {
  JsonWriter json(into.after(kPrefix));
  json.begin_object();
  // Keep the order of earlier builds: a copy must be equal to its file, even if an earlier build has written one of the
  // two.
  write_id(json, *this);
  json.member("tx", transaction).member("type", kTypes[static_cast<size_t>(type)]);
  write_reading(json, *this);
  json.member("reason", name_of(reason));
  if (start != nullptr) {
    json.key("start").begin_object();
    write_id(json, *start);
    write_reading(json, *start);
    json.end_object();
  }
  json.end_object();
  return seal(into, json);
}

bool Record::decode_start(Bytes content) {
  Record stop;
  if (!stop.decode(content) || stop.type != Type::stop) return false;
  transaction = stop.transaction;
  type = Type::start;
  reason = Record().reason;
  return read_members(unseal(content).find("start"), *this);
}

bool Record::decode(Bytes content) {
  JsonValue json = unseal(content);
  FixedText<8> type_name;
  FixedText<16> reason_name;
  if (!read_members(json, *this) || !get(json.find("tx"), transaction) || !json.find("type").get(type_name) ||
      !json.find("reason").get(reason_name) || !parse_stop_reason(reason_name.text(), reason)) {
    return false;
  }
  for (size_t i = 0; i < sizeof kTypes / sizeof *kTypes; ++i) {
    if (type_name.text() != kTypes[i]) continue;
    type = static_cast<Type>(i);
    return true;
  }
  return false;
}

Bytes Ledger::encode(Span<char> into) const {
  JsonWriter json(into.after(kPrefix));
  json.begin_object();
  json.member("next_seq", next_sequence).member("next_tx", next_transaction);
  json.member("started", started).member("id", transaction_id).member("stopped", stopped).member("wh", energy_wh);
  write(json.key("sampled"), sampled);
  json.member("last_sent", last_sent_ms).member("start_sent", start_sent_ms);
  json.member("batch", batch).member("batch_sent", batch_sent);
  json.member("tag", id_tag.text()).member("parent", parent_id_tag.text());
  json.member("from", meter_start_wh).member("refused", rejected);
  json.end_object();
  return seal(into, json);
}

bool Ledger::decode(Bytes content) {
  JsonValue json = unseal(content);
  Ledger read_one;
  if (!get(json.find("next_seq"), read_one.next_sequence) || !get(json.find("next_tx"), read_one.next_transaction) ||
      !get(json.find("started"), read_one.started) || !json.find("id").get(read_one.transaction_id) ||
      !get(json.find("stopped"), read_one.stopped) || !json.find("wh").get_unsigned(read_one.energy_wh) ||
      !read(json.find("sampled"), read_one.sampled) || !get(json.find("batch"), read_one.batch) ||
      !get(json.find("batch_sent"), read_one.batch_sent) || !json.find("tag").get(read_one.id_tag) ||
      !json.find("parent").get(read_one.parent_id_tag) || !json.find("from").get_unsigned(read_one.meter_start_wh) ||
      !json.find("refused").get(read_one.rejected)) {
    return false;
  }
  // Earlier versions did not store these times.
  if (!json.find("last_sent").get(read_one.last_sent_ms)) read_one.last_sent_ms = 0;
  if (!json.find("start_sent").get(read_one.start_sent_ms)) read_one.start_sent_ms = 0;
  *this = read_one;
  return true;
}

}  // namespace pb
