#pragma once

#include "features/ocpp_message/messenger.h"
#include "features/transactions/attempts.h"
#include "features/transactions/id_tag_info.h"
#include "features/transactions/ledger_file.h"
#include "features/transactions/message_payloads.h"
#include "features/transactions/message_queue.h"
#include "features/transactions/stop_data.h"

namespace pb {

/// Receives the IdTagInfo from answers to StartTransaction and StopTransaction.
class IdTagInfoListener {
 public:
  virtual void on_id_tag_info(Text id_tag, const IdTagInfo& info) = 0;

 protected:
  ~IdTagInfoListener() = default;
};

/// Receives the result of a StartTransaction: the CSMS has answered it, perhaps without a readable transactionId, or
/// its attempts have failed.
class StartListener {
 public:
  virtual void on_start_answered(uint32_t transaction, const IdTagInfo& info, Millis now) = 0;
  virtual void on_start_given_up(uint32_t transaction, Millis now) = 0;

 protected:
  ~StartListener() = default;
};

/// Sends a StopTransaction that belongs to no charge.
class SurplusListener {
 public:
  /// The CSMS has opened a transaction that no charge belongs to.
  /// @param stop the payload of the StopTransaction that ends it without energy, valid during the call
  virtual void on_surplus_transaction(Text stop, Millis now) = 0;

 protected:
  ~SurplusListener() = default;
};

/// Sends the message at the front of the queue from flash until the CSMS answers it. An error or a missing answer leads
/// to retries; after the last one the message is dropped, and the queue continues.
class Outbox final : public DurableCalls {
 public:
  /// How long a StartTransaction without an answer is held after its last attempt: the StopTransaction needs the id
  /// from a late answer.
  static constexpr Millis kHold = 600'000;

  Outbox(MessageQueue& queue, LedgerFile& ledger, const StopData& data, const TransactionTimes& times,
         MeterBatch& scratch, StartListener& starts, Logger& log)
      : queue_(queue), ledger_(ledger), data_(data), times_(times), scratch_(scratch), starts_(starts), log_(log) {}

  void set_id_tag_listener(IdTagInfoListener& listener) { id_tag_listener_ = &listener; }
  void set_surplus_listener(SurplusListener& listener) { surplus_listener_ = &listener; }
  void set_retries(TransactionRetries retries) { retries_ = retries; }
  void set_nominal_voltage(uint32_t volts) { payloads_.set_nominal_voltage(volts); }

  Front front(Millis now, Millis& queued_at) override;
  bool write_front(JsonWriter& payload, MessageId& id, Text& action, Millis now) override;
  bool on_result(Text id, JsonValue payload, Millis now) override;
  /// Ends a transaction that the CSMS has opened for a StartTransaction that has another one already, or was dropped.
  bool on_stray_result(Text id, JsonValue payload, Millis now) override;
  bool on_error(Text id, Text problem, Millis now) override;
  void on_timeout(Millis now) override;
  void on_sent() override { attempts_.sent(); }
  void on_disconnected(bool is_refused, Millis now) override;
  Millis next_due() const override;
  size_t size() const override;

  /// Gives the front message its final time as soon as the CSMS has sent the time. @return whether the message can be
  /// sent.
  bool settle_front();
  /// Whether the attempts of this transaction's StartTransaction have failed and the device waits for a late answer.
  bool is_holding(uint32_t transaction) const;
  /// Drops all messages of a file; logged and counted.
  void drop_file(WaitingMessage& entry, Text cause, Millis now);

 private:
  /// The last StartTransaction of this connection that was answered or dropped.
  struct FinishedStart {
    uint32_t sequence = 0;  ///< 0: none
    uint32_t nonce = 0;
    uint64_t energy_wh = 0;
    UnixMillis time = 0;
    int64_t surplus_id = 0;  ///< the last surplus transaction
  };

  bool can_read(const WaitingMessage& entry) const;
  bool write(JsonWriter& payload, TextWriter& id, WaitingMessage& entry);
  bool take_transaction_id(uint32_t transaction, JsonValue payload);
  UnixMillis time_to_send(const WaitingMessage& entry, const Stamp& stamp);
  IdTagInfo take_id_tag_info(JsonValue payload);
  void acknowledge(WaitingMessage& entry);
  void failed_attempt(Text cause, Millis now);
  void hold(const WaitingMessage& entry, Text cause, Millis now);
  void drop_message(WaitingMessage& entry, Text cause, Millis now);
  void note_stopped(uint32_t transaction);

  MessageQueue& queue_;
  LedgerFile& ledger_;
  const StopData& data_;
  const TransactionTimes& times_;
  MeterBatch& scratch_;
  StartListener& starts_;
  Logger& log_;
  IdTagInfoListener* id_tag_listener_ = nullptr;
  SurplusListener* surplus_listener_ = nullptr;
  MessagePayloads payloads_;
  TransactionRetries retries_;
  Attempts attempts_;         // the attempts to send the front message
  IdTag sent_id_tag_;         // the idTag of the front message after it was sent; empty if it has none
  uint32_t sent_nonce_ = 0;   // that of a start or stop
  UnixMillis sent_time_ = 0;  // the timestamp of the front message after it was sent
  Millis held_until_ = 0;     // end of the hold of the front message; 0: not held
  FinishedStart finished_start_;
};

}  // namespace pb
