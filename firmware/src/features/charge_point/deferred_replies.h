#pragma once

#include "features/ocpp_message/messenger.h"
#include "features/storage/storage.h"

namespace pb {

/// The requests of the CSMS that wait for what they have asked for: each is answered with a status when that is done.
/// A connection that is lost takes its requests along; what they asked for is done all the same.
class DeferredReplies {
 public:
  static constexpr size_t kMax = 4;

  /// One request that waits.
  struct Slot {
    DeferredReplies* owner = nullptr;  ///< nullptr: free
    MessageId id;                      ///< empty: its connection is gone
    const char* when_done = "";
    const char* when_failed = "";
  };

  DeferredReplies(Messenger& messenger, Logger& log) : messenger_(messenger), log_(log) {}

  /// Puts off the answer to a request.
  /// @param when_done  @param when_failed the status to answer with, literals
  /// @return nullptr, with nothing put off, when too many requests wait.
  Slot* put_off(CallReply& reply, const char* when_done, const char* when_failed);
  /// As put_off(), for a request whose effect does not wait for room: there is one slot more for those.
  Slot* put_off_urgent(CallReply& reply, const char* when_done, const char* when_failed);
  /// Answers, and frees the slot.
  void settle(Slot& slot, bool done);
  /// Frees the slot without an answer: the request is answered in another way.
  void drop(Slot& slot) { slot = Slot(); }
  /// Settles the slot when a job of the storage has ended.
  static StorageDone when_stored(Slot& slot);

  /// The connection is lost.
  void forget_ids();

 private:
  Slot* take(size_t slots, CallReply& reply, const char* when_done, const char* when_failed);

  Messenger& messenger_;
  Logger& log_;
  Slot slots_[kMax + 1];  // the last one is for urgent requests only
};

}  // namespace pb
