#pragma once

#include "features/ocpp_message/messenger.h"
#include "features/storage/storage.h"

namespace pb {

/// The requests of the CSMS whose answer waits for flash or lock: each is answered with a status at the end. When the
/// connection is lost they are still carried out, but not answered.
class DeferredReplies {
 public:
  static constexpr size_t kMax = 4;

  /// One deferred request.
  struct Slot {
    DeferredReplies* owner = nullptr;  ///< nullptr: free
    MessageId id;                      ///< empty: the request's connection is lost
    Text action;                       ///< the action of the request: a literal
    const char* when_done = "";
    const char* when_failed = "";
  };

  DeferredReplies(Messenger& messenger, Logger& log) : messenger_(messenger), log_(log) {}

  /// Defers the answer to a request.
  /// @param action a literal  @param when_done  @param when_failed the status of the answer, literals
  /// @return nullptr, with nothing deferred, when too many requests are deferred.
  Slot* defer(CallReply& reply, Text action, const char* when_done, const char* when_failed);
  /// As defer(), for a request that is carried out in any case: one extra slot is reserved for such requests.
  Slot* defer_urgent(CallReply& reply, Text action, const char* when_done, const char* when_failed);
  /// Answers, and frees the slot.
  void settle(Slot& slot, bool done);
  /// Frees the slot; the caller answers the request.
  void drop(Slot& slot) { slot = Slot(); }
  /// Settles the slot at the end of a storage job.
  static StorageDone when_stored(Slot& slot);

  /// The connection is lost.
  void forget_ids();

 private:
  Slot* take(size_t slots, CallReply& reply, Text action, const char* when_done, const char* when_failed);

  Messenger& messenger_;
  Logger& log_;
  Slot slots_[kMax + 1];  // the last one is for urgent requests only
};

}  // namespace pb
