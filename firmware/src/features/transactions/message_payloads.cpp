#include "features/transactions/message_payloads.h"

namespace pb {
namespace {

constexpr int kConnector = 1;

/// The time of a reading for transactionData. If the reading has no time from the CSMS, its time is derived from that
/// of the stop.
UnixMillis time_of(const Stamp& reading, const Stamp& stop) {
  if (reading.boot == stop.boot && !reading.from_csms) return stop.wall_ms - static_cast<int64_t>(stop.at - reading.at);
  return reading.wall_ms != 0 ? reading.wall_ms : stop.wall_ms;
}

UnixMillis clamp(UnixMillis time, UnixMillis from, UnixMillis to) {
  if (time > to) time = to;
  return time < from ? from : time;
}

}  // namespace

void MessagePayloads::write_start(JsonWriter& json, const Record& record, UnixMillis wall) const {
  const Timestamp timestamp = format_timestamp(wall);
  json.begin_object().member("connectorId", kConnector).member("idTag", record.id_tag.text());
  json.member("meterStart", record.energy_wh).member("timestamp", timestamp.text()).end_object();
}

void MessagePayloads::write_stop(JsonWriter& json, const Record& record, UnixMillis started, UnixMillis wall,
                                 int64_t transaction_id, const MeterBatch* data) const {
  const Timestamp timestamp = format_timestamp(wall);
  json.begin_object().member("transactionId", transaction_id);
  if (!record.id_tag.empty()) json.member("idTag", record.id_tag.text());
  json.member("meterStop", record.energy_wh).member("timestamp", timestamp.text());
  json.member("reason", name_of(record.reason));
  if (data != nullptr) write_transaction_data(json, *data, record.stamp, {started, wall});
  json.end_object();
}

void MessagePayloads::write_sample(JsonWriter& json, const MeterBatch& batch, size_t index, UnixMillis wall,
                                   const int64_t* transaction_id) const {
  json.begin_object().member("connectorId", kConnector);
  if (transaction_id != nullptr) json.member("transactionId", *transaction_id);
  json.key("meterValue").begin_array();
  write_meter_value(json, batch, index, wall);
  json.end_array().end_object();
}

/// Drops samples if the message is too long: every second one, then three of four, and so on. No reading is dated
/// before the start or after the stop of the charge, even if the clock was set during the charge.
void MessagePayloads::write_transaction_data(JsonWriter& json, const MeterBatch& data, const Stamp& stop,
                                             Charge charge) const {
  const JsonWriter without = json;
  for (size_t step = 1; step <= MeterBatch::kMaxSamples; step *= 2) {
    json = without;
    json.key("transactionData").begin_array();
    for (size_t i = 0; i < data.count(); ++i) {
      const bool ends = i == 0 || i + 1 == data.count();
      if (!ends && i % step != 0) continue;
      write_meter_value(json, data, i, clamp(time_of(data[i].stamp, stop), charge.from, charge.to));
    }
    json.end_array();
    JsonWriter closed = json;  // counts the closing brace, which is not written yet
    if (closed.end_object().ok()) return;
  }
  json = without;
}

void MessagePayloads::write_meter_value(JsonWriter& json, const MeterBatch& batch, size_t index,
                                        UnixMillis wall) const {
  json.begin_object().member("timestamp", format_timestamp(wall).text()).key("sampledValue");
  write_sampled_values(json, batch[index], batch.voltage_v != 0 ? batch.voltage_v : nominal_voltage_v_);
  json.end_object();
}

}  // namespace pb
