#include "features/transactions/message_payloads.h"

namespace pb {
namespace {

constexpr int kConnector = 1;

}  // namespace

void MessagePayloads::write_start(JsonWriter& json, const Record& record) {
  last_wall_ms_ = 0;
  const Timestamp timestamp = format_timestamp(told_wall_ms(record.stamp));
  json.begin_object().member("connectorId", kConnector).member("idTag", record.id_tag.text());
  json.member("meterStart", record.energy_wh).member("timestamp", timestamp.text()).end_object();
}

void MessagePayloads::write_stop(JsonWriter& json, const Record& record, int64_t transaction_id,
                                 const MeterBatch* data) {
  const Timestamp timestamp = format_timestamp(told_wall_ms(record.stamp));
  json.begin_object().member("transactionId", transaction_id);
  if (!record.id_tag.empty()) json.member("idTag", record.id_tag.text());
  json.member("meterStop", record.energy_wh).member("timestamp", timestamp.text());
  json.member("reason", name_of(record.reason));
  if (data != nullptr) write_transaction_data(json, *data);
  json.end_object();
}

void MessagePayloads::write_sample(JsonWriter& json, const MeterSample& sample, const int64_t* transaction_id) {
  UnixMillis wall = times_.wall_ms(sample.stamp);
  json.begin_object().member("connectorId", kConnector);
  if (transaction_id != nullptr) {
    json.member("transactionId", *transaction_id);
    wall = told_wall_ms(sample.stamp);
  }
  json.key("meterValue").begin_array();
  write_meter_value(json, sample, wall);
  json.end_array().end_object();
}

/// Leaves out what does not fit into a message: every second sample, then three of four, and so on.
void MessagePayloads::write_transaction_data(JsonWriter& json, const MeterBatch& data) const {
  const JsonWriter without = json;
  for (size_t step = 1; step <= MeterBatch::kMaxSamples; step *= 2) {
    json = without;
    json.key("transactionData").begin_array();
    for (size_t i = 0; i < data.count(); ++i) {
      const bool ends = i == 0 || i + 1 == data.count();
      if (ends || i % step == 0) write_meter_value(json, data[i], times_.wall_ms(data[i].stamp));
    }
    json.end_array();
    JsonWriter closed = json;  // with the brace that is still to come
    if (closed.end_object().ok()) return;
  }
  json = without;
}

void MessagePayloads::write_meter_value(JsonWriter& json, const MeterSample& sample, UnixMillis wall) const {
  json.begin_object().member("timestamp", format_timestamp(wall).text()).key("sampledValue");
  write_sampled_values(json, sample, nominal_voltage_v_);
  json.end_object();
}

/// A time that had to be guessed never lies before that of the message in front of it.
UnixMillis MessagePayloads::told_wall_ms(const Stamp& stamp) {
  UnixMillis wall = times_.wall_ms(stamp);
  if (wall < last_wall_ms_) wall = last_wall_ms_;
  last_wall_ms_ = wall;
  return wall;
}

}  // namespace pb
