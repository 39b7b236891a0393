#pragma once

#include "core/json_writer.h"
#include "features/transactions/meter_batch.h"
#include "features/transactions/record.h"

namespace pb {

/// Writes StartTransaction.req, MeterValues.req and StopTransaction.req (OCPP 1.6 sections 6.45, 6.31 and 6.47). The
/// same content always gives the same bytes.
class MessagePayloads {
 public:
  /// Voltage for Current.Import, in volts, above 0. Used for samples whose file has no voltage.
  void set_nominal_voltage(uint32_t volts) { nominal_voltage_v_ = volts; }

  /// @param wall the message's timestamp
  void write_start(JsonWriter& json, const Record& record, UnixMillis wall) const;
  /// @param started the timestamp of the StartTransaction: no reading has an earlier timestamp
  /// @param transaction_id the id from the CSMS  @param data for transactionData, or nullptr
  void write_stop(JsonWriter& json, const Record& record, UnixMillis started, UnixMillis wall, int64_t transaction_id,
                  const MeterBatch* data) const;
  /// @param transaction_id nullptr outside of transactions
  void write_sample(JsonWriter& json, const MeterBatch& batch, size_t index, UnixMillis wall,
                    const int64_t* transaction_id) const;

 private:
  /// The timestamps of StartTransaction and StopTransaction.
  struct Charge {
    UnixMillis from;
    UnixMillis to;
  };

  void write_transaction_data(JsonWriter& json, const MeterBatch& data, const Stamp& stop, Charge charge) const;
  void write_meter_value(JsonWriter& json, const MeterBatch& batch, size_t index, UnixMillis wall) const;

  uint32_t nominal_voltage_v_ = 230;
};

}  // namespace pb
