#pragma once

#include "features/auth_cache/auth_cache.h"
#include "features/charge_point/deferred_replies.h"
#include "features/charge_point/payload.h"
#include "features/charging/charging.h"
#include "features/config/config.h"
#include "features/local_list/local_list.h"
#include "features/ocpp_message/messenger.h"
#include "features/security/security.h"

namespace pb {

enum class ResetKind : uint8_t { soft, hard };

/// The messages that TriggerMessage can request from this charge point.
enum class Trigger : uint8_t { boot_notification, heartbeat, meter_values, status_notification };

/// Carries out requests of the CSMS after their answers are sent.
class RequestEffects {
 public:
  /// @return false when a reset is already in progress.
  virtual bool on_reset(ResetKind kind, Millis now) = 0;
  /// @param connector nullptr when the request has none  @return false when nothing will be sent.
  virtual bool on_trigger(Trigger trigger, const int64_t* connector, Millis now) = 0;

 protected:
  ~RequestEffects() = default;
};

/// Answers the requests of the CSMS. Each action has a row in the table in csms_requests.cpp. Other actions of OCPP 1.6
/// are answered with NotSupported, and unknown actions with NotImplemented.
class CsmsRequests {
 public:
  /// How long the lock may take to open (UnlockConnector).
  static constexpr Millis kUnlockLimit = 3'000;
  /// How long an answer, a triggered reading or a reset waits for the flash: longer than the pause after a failed job,
  /// but shorter than the timeout of a CSMS.
  static constexpr Millis kSaveLimit = 3 * Saver::kRetryPause;
  /// The pause between two attempts to store a change.
  static constexpr Millis kChangePause = 50;
  static constexpr int64_t kConnector = 1;
  /// The vendorId and the messageId of a supported DataTransfer. The answer has the same data.
  static constexpr Text kVendorId = "Plugbench";
  static constexpr Text kEchoMessageId = "Echo";

  CsmsRequests(Charging& charging, const Transactions& transactions, Config& config, Security& security,
               LocalList& list, AuthCache& cache, Messenger& messenger, RequestEffects& effects, Logger& log)
      : charging_(charging),
        transactions_(transactions),
        config_(config),
        security_(security),
        list_(list),
        cache_(cache),
        effects_(effects),
        log_(log),
        schemas_(messenger.schemas()),
        deferred_(messenger, log) {}

  /// @param accepted whether the CSMS has accepted the BootNotification
  void answer(Text action, JsonValue payload, bool accepted, CallReply& reply, Millis now);
  /// Continues the deferred requests. @return the time of the next call.
  Millis poll(Millis now);
  /// The connection is lost: deferred requests get no answer.
  void on_offline() { deferred_.forget_ids(); }

 private:
  struct Row;
  struct Request {
    Payload& payload;
    CallReply& reply;
    Text action;  ///< a literal
    bool accepted = false;
    Millis now = 0;
  };
  static const Row kRows[];
  /// A request that ends a transaction; its answer is deferred until the end is on flash.
  struct Ending {
    DeferredReplies::Slot* slot = nullptr;
    Millis since = 0;
    bool was_open = false;  // the lock has opened since UnlockConnector
  };

  /// A change that waits for room among the jobs of the storage. On a chip an erase holds that room for up to 400 ms.
  struct WaitingChange {
    DeferredReplies::Slot* slot = nullptr;
    Text key;  ///< of the table of settings
    FixedText<Config::kMaxText> value;
    Millis since = 0;
  };

  /// Whether the end of the transaction is on flash, or the limit has passed.
  bool is_saved(const Ending& ending, Millis now) const;
  void settle(Ending& ending, bool done);
  Millis poll_stops(Millis now);
  bool is_stopping(int64_t transaction_id) const;
  Millis poll_unlock(Millis now);
  Millis poll_change(Millis now);
  /// Stores a setting, and then answers with the result, or rejects the change.
  /// @return false, with nothing answered, if the storage cannot accept the change now and the change may wait.
  bool try_change(DeferredReplies::Slot& slot, Text key, Text value, bool may_wait);
  /// Defers the answer. @return nullptr, with a CALLERROR as the answer, when too many requests are deferred.
  DeferredReplies::Slot* defer(Request& request, const char* when_done, const char* when_failed);
  static void reject_busy(Request& request);
  /// Stores a setting and then answers with the result. The change may wait until the storage can accept it.
  void change(Request& request, const char* when_done, Text key, Text value);
  /// Answers a change that is not stored: with its rejection, or with an error that allows the CSMS to retry.
  void reject_change(Request& request, DeferredReplies::Slot& slot, bool is_busy);

  void change_availability(Request& request);
  void change_configuration(Request& request);
  void change_authorization_key(Request& request, JsonValue value);
  /// Whether the text is a security profile that the CSMS must not set; logs the reason.
  bool rejects_profile(Text value);
  void clear_cache(Request& request);
  void data_transfer(Request& request);
  void get_configuration(Request& request);
  void get_local_list_version(Request& request);
  void remote_start_transaction(Request& request);
  void remote_stop_transaction(Request& request);
  void reset(Request& request);
  void send_local_list(Request& request);
  /// Reads the entries of SendLocalList. @return why they are not stored; nullptr: they are in the update.
  const char* read_local_list(JsonValue entries, bool is_full);
  void trigger_message(Request& request);
  void unlock_connector(Request& request);

  Charging& charging_;
  const Transactions& transactions_;
  Config& config_;
  Security& security_;
  LocalList& list_;
  AuthCache& cache_;
  RequestEffects& effects_;
  Logger& log_;
  const MessageSchemas& schemas_;
  DeferredReplies deferred_;
  Ending stopping_[DeferredReplies::kMax + 1];  // an entry without a slot is free
  int64_t stopped_id_ = 0;                      // the transaction of the last RemoteStopTransaction
  Ending unlocking_;
  WaitingChange waiting_;
};

}  // namespace pb
