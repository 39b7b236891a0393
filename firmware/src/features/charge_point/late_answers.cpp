#include "features/charge_point/late_answers.h"

namespace pb {

LateAnswers::Slot* LateAnswers::put_off(CallReply& reply, const char* when_done, const char* when_failed) {
  for (Slot& slot : slots_) {
    if (slot.owner != nullptr) continue;
    slot.owner = this;
    slot.id.assign(reply.later());
    slot.when_done = when_done;
    slot.when_failed = when_failed;
    return &slot;
  }
  log_.warning("cp", "too many requests of the CSMS wait for their answer");
  return nullptr;
}

void LateAnswers::settle(Slot& slot, bool done) {
  char payload[64];
  JsonWriter json{Span<char>(payload)};
  json.begin_object().member("status", done ? slot.when_done : slot.when_failed).end_object();
  if (!slot.id.empty()) messenger_.answer(slot.id.text(), json.text());
  drop(slot);
}

StorageDone LateAnswers::when_stored(Slot& slot) {
  return {[](void* context, StorageResult result) {
            auto& waiting = *static_cast<Slot*>(context);
            if (result != StorageResult::ok) {
              waiting.owner->log_.error("cp", "what the CSMS asked for was not stored: ", name_of(result));
            }
            waiting.owner->settle(waiting, result == StorageResult::ok);
          },
          &slot};
}

void LateAnswers::forget_ids() {
  for (Slot& slot : slots_) slot.id.clear();
}

}  // namespace pb
