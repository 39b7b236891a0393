#include "features/charge_point/deferred_replies.h"

namespace pb {

DeferredReplies::Slot* DeferredReplies::defer(CallReply& reply, Text action, const char* when_done,
                                              const char* when_failed) {
  return take(kMax, reply, action, when_done, when_failed);
}

DeferredReplies::Slot* DeferredReplies::defer_urgent(CallReply& reply, Text action, const char* when_done,
                                                     const char* when_failed) {
  return take(kMax + 1, reply, action, when_done, when_failed);
}

/// Takes the last free slot among the first `slots`. The reserved slot is the last of all, so urgent requests take it
/// first.
DeferredReplies::Slot* DeferredReplies::take(size_t slots, CallReply& reply, Text action, const char* when_done,
                                             const char* when_failed) {
  for (size_t i = slots; i-- > 0;) {
    Slot& slot = slots_[i];
    if (slot.owner != nullptr) continue;
    slot.owner = this;
    slot.id.assign(reply.defer());
    slot.action = action;
    slot.when_done = when_done;
    slot.when_failed = when_failed;
    return &slot;
  }
  log_.warning("cp", "too many requests of the CSMS are deferred");
  return nullptr;
}

void DeferredReplies::settle(Slot& slot, bool done) {
  char payload[64];
  JsonWriter json{Span<char>(payload)};
  json.begin_object().member("status", done ? slot.when_done : slot.when_failed).end_object();
  if (!slot.id.empty()) messenger_.answer(slot.id.text(), slot.action, json.text());
  drop(slot);
}

StorageDone DeferredReplies::when_stored(Slot& slot) {
  return {[](void* context, StorageResult result) {
            auto& waiting = *static_cast<Slot*>(context);
            if (result != StorageResult::ok) {
              waiting.owner->log_.error("cp", "a request of the CSMS was not stored: ", name_of(result));
            }
            waiting.owner->settle(waiting, result == StorageResult::ok);
          },
          &slot};
}

void DeferredReplies::forget_ids() {
  for (Slot& slot : slots_) slot.id.clear();
}

}  // namespace pb
