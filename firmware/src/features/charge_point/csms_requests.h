#pragma once

#include "features/auth_cache/auth_cache.h"
#include "features/charge_point/deferred_replies.h"
#include "features/charge_point/payload.h"
#include "features/charging/charging.h"
#include "features/config/config.h"
#include "features/ocpp_message/messenger.h"

namespace pb {

enum class ResetKind : uint8_t { soft, hard };

/// What TriggerMessage can ask this charge point for.
enum class Trigger : uint8_t { boot_notification, heartbeat, meter_values, status_notification };

/// Carries out what requests of the CSMS ask for, after their answers have gone.
class RequestEffects {
 public:
  /// @return false when one is under way.
  virtual bool on_reset(ResetKind kind, Millis now) = 0;
  /// @param connector nullptr when the request named none  @return false when nothing will be sent.
  virtual bool on_trigger(Trigger trigger, const int64_t* connector, Millis now) = 0;

 protected:
  ~RequestEffects() = default;
};

/// Answers the requests of the CSMS. One row of the table in csms_requests.cpp is one action; what has no row is
/// answered with NotSupported where OCPP 1.6 knows it, else with NotImplemented.
class CsmsRequests {
 public:
  /// How long the lock may take to open (UnlockConnector).
  static constexpr Millis kUnlockLimit = 3'000;
  /// How long an answer, a triggered reading or a reset waits for the flash: longer than the pause after a job that
  /// failed, and not so long that the CSMS no longer waits.
  static constexpr Millis kSaveLimit = 3 * Saver::kSaveAgain;
  static constexpr int64_t kConnector = 1;
  /// Whom DataTransfer.req must name, and the one message that we know: it answers with the same data.
  static constexpr Text kVendorId = "Plugbench";
  static constexpr Text kEchoMessageId = "Echo";

  CsmsRequests(Charging& charging, const Transactions& transactions, Config& config, AuthCache& cache,
               Messenger& messenger, RequestEffects& effects, Logger& log)
      : charging_(charging),
        transactions_(transactions),
        config_(config),
        cache_(cache),
        effects_(effects),
        log_(log),
        late_(messenger, log) {}

  /// @param accepted whether the CSMS has accepted our BootNotification
  void answer(Text action, JsonValue payload, bool accepted, CallReply& reply, Millis now);
  /// Goes on with what takes its time. @return when it wants to be called next.
  Millis poll(Millis now);
  /// The connection is lost: what waits for an answer gets none.
  void on_offline() { late_.forget_ids(); }

 private:
  struct Row;
  struct Request {
    Payload& payload;
    CallReply& reply;
    bool accepted = false;
    Millis now = 0;
  };
  static const Row kRows[];
  /// A request that ends a transaction: its answer waits until that is on flash.
  struct Ending {
    DeferredReplies::Slot* slot = nullptr;
    Millis since = 0;
    bool was_open = false;  // the lock, since UnlockConnector
  };

  /// Whether the end of the transaction is on flash, or the flash has had its time.
  bool is_saved(const Ending& ending, Millis now) const;
  void settle(Ending& ending, bool done);
  Millis poll_stops(Millis now);
  bool is_stopping(int64_t transaction_id) const;
  Millis poll_unlock(Millis now);
  /// Puts off the answer. @return nullptr, with an error as the answer, when too many requests wait.
  DeferredReplies::Slot* put_off(Request& request, const char* when_done, const char* when_failed);
  static void refuse_busy(Request& request);
  /// Stores a setting and answers when that is done or not.
  void change(Request& request, const char* when_done, Text key, Text value);

  void change_availability(Request& request);
  void change_configuration(Request& request);
  void clear_cache(Request& request);
  void data_transfer(Request& request);
  void get_configuration(Request& request);
  void get_local_list_version(Request& request);
  void remote_start_transaction(Request& request);
  void remote_stop_transaction(Request& request);
  void reset(Request& request);
  void send_local_list(Request& request);
  void trigger_message(Request& request);
  void unlock_connector(Request& request);

  Charging& charging_;
  const Transactions& transactions_;
  Config& config_;
  AuthCache& cache_;
  RequestEffects& effects_;
  Logger& log_;
  DeferredReplies late_;
  Ending stopping_[DeferredReplies::kMax + 1];  // free where it has no slot
  int64_t stopped_id_ = 0;                      // the transaction whose RemoteStopTransaction came last
  Ending unlocking_;
};

}  // namespace pb
