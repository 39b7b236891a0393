#pragma once

#include "core/json_writer.h"
#include "features/transactions/meter_batch.h"
#include "features/transactions/record.h"
#include "features/transactions/transaction_times.h"

namespace pb {

/// Writes StartTransaction.req, MeterValues.req and StopTransaction.req (OCPP 1.6 sections 6.45, 6.31 and 6.47).
class MessagePayloads {
 public:
  explicit MessagePayloads(const TransactionTimes& times) : times_(times) {}

  /// Voltage that Current.Import is derived from, in volts; above 0.
  void set_nominal_voltage(uint32_t volts) { nominal_voltage_v_ = volts; }

  void write_start(JsonWriter& json, const Record& record);
  /// @param transaction_id by which the CSMS knows the transaction  @param data for transactionData, or nullptr
  void write_stop(JsonWriter& json, const Record& record, int64_t transaction_id, const MeterBatch* data);
  /// @param transaction_id nullptr outside of transactions
  void write_sample(JsonWriter& json, const MeterSample& sample, const int64_t* transaction_id);

 private:
  UnixMillis told_wall_ms(const Stamp& stamp);
  void write_transaction_data(JsonWriter& json, const MeterBatch& data) const;
  void write_meter_value(JsonWriter& json, const MeterSample& sample, UnixMillis wall) const;

  const TransactionTimes& times_;
  uint32_t nominal_voltage_v_ = 230;
  UnixMillis last_wall_ms_ = 0;  // of the last message of the transaction
};

}  // namespace pb
