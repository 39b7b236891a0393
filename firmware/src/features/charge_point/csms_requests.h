#pragma once

#include "features/charge_point/payload.h"
#include "features/charging/charging.h"
#include "features/ocpp_message/messenger.h"

namespace pb {

enum class ResetKind : uint8_t { soft, hard };

/// Carries out a Reset.req, after its answer has gone.
class ResetHandler {
 public:
  virtual void on_reset(ResetKind kind, Millis now) = 0;

 protected:
  ~ResetHandler() = default;
};

/// Answers the requests of the CSMS. One row of the table in csms_requests.cpp is one action; what has no row is
/// answered with NotImplemented.
class CsmsRequests {
 public:
  CsmsRequests(Charging& charging, ResetHandler& reset) : charging_(charging), reset_(reset) {}

  /// @param accepted whether the CSMS has accepted our BootNotification
  void answer(Text action, JsonValue payload, bool accepted, CallReply& reply, Millis now);

 private:
  struct Row;
  struct Request {
    Payload& payload;
    CallReply& reply;
    bool accepted = false;
    Millis now = 0;
  };
  static const Row kRows[];

  void remote_start_transaction(Request& request);
  void remote_stop_transaction(Request& request);
  void reset(Request& request);

  Charging& charging_;
  ResetHandler& reset_;
};

}  // namespace pb
