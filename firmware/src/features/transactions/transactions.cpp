#include "features/transactions/transactions.h"

#include "features/transactions/recovery.h"

namespace pb {
namespace {

constexpr Text kTag = "tx";

}  // namespace

Text name_of(Reporting reporting) {
  switch (reporting) {
    case Reporting::no_time:
      return "no_time";
    case Reporting::given_up:
      return "given_up";
    case Reporting::possible:
      break;
  }
  return "possible";
}

Transactions::Transactions(Storage& storage, const TimeSync& time, Rng& rng, Logger& log)
    : log_(log),
      times_(time, rng.next()),
      ledger_(storage, log),
      data_(storage, log),
      queue_(storage, rng, scratch_, log),
      saver_(queue_, ledger_, data_, log),
      outbox_(queue_, ledger_, data_, times_, scratch_, *this, log),
      storage_(storage) {}

void Transactions::load(StopReason reason, LeftOpen left_open, Millis now) {
  Recovery recovery(storage_, queue_, ledger_, data_, scratch_, log_);
  open_ = recovery.run();
  left_ = ledger_.now().sampled;
  undated_ = ledger_.now().next_sequence;
  if (open_ == 0) return;
  if (left_open == LeftOpen::keep && !ledger_.now().rejected && !recovery.found_damage()) {
    log_.warning(kTag, "transaction ", open_, " was left open and continues");
  } else {
    end_as_left(reason, now);
  }
}

bool Transactions::begin(Text id_tag, uint64_t energy_wh, Millis now) {
  if (open_ != 0) {
    log_.error(kTag, "a transaction is open already");
    return false;
  }
  while (queue_.room() < 2 && queue_.thin_out()) {
  }
  if (!queue_.takes_transaction()) {
    log_.error(kTag, "no room for another transaction: ", queue_.files(), " files are pending");
    return false;
  }
  Record record;
  if (!record.id_tag.assign(id_tag)) {
    log_.error(kTag, "an idTag has at most 20 characters");
    return false;
  }
  record.type = Record::Type::start;
  record.energy_wh = energy_wh;
  record.stamp = times_.stamp(now);
  Ledger& ledger = ledger_.now();
  open_ = ledger.next_transaction++;
  ledger.id_tag = record.id_tag;
  ledger.parent_id_tag.clear();
  ledger.meter_start_wh = energy_wh;
  ledger.rejected = false;
  data_.begin();
  add(record, now);
  log_.info(kTag, "transaction ", open_, " begins at ", energy_wh, " Wh");
  if (!times_.known()) {
    log_.error(kTag, "transaction ", open_,
               " cannot be reported until the time is known: the CSMS has sent no usable currentTime");
  }
  return true;
}

void Transactions::set_parent_id_tag(Text parent_id_tag) {
  if (open_ != 0) ledger_.now().parent_id_tag.assign(parent_id_tag);
}

void Transactions::sample(const MeterReading& reading, ReadingContext context, Measurands measurands, Millis now) {
  if (measurands.empty()) return;
  const MeterSample sample{times_.stamp(now), reading, context, measurands};
  if (!queue_.add(sample, open_, ledger_.now().next_sequence, now)) {
    queue_.count_lost(1);
    log_.warning(kTag, "a meter value was dropped: no room");
    return;
  }
  ledger_.take(reading.energy_wh, open_ != 0 ? &sample.stamp : nullptr);
}

void Transactions::keep_for_stop(const MeterReading& reading, ReadingContext context, Measurands measurands,
                                 Millis now) {
  if (open_ != 0 && !measurands.empty()) data_.keep(open_, {times_.stamp(now), reading, context, measurands});
}

void Transactions::end(StopReason reason, Text id_tag, uint64_t energy_wh, Millis now) {
  if (open_ == 0) return;
  Record record;
  record.type = Record::Type::stop;
  record.reason = reason;
  record.id_tag.assign(id_tag);
  record.energy_wh = energy_wh;
  record.stamp = times_.stamp(now);
  add(record, now);
  log_.info(kTag, "transaction ", open_, " ends at ", energy_wh, " Wh: ", name_of(reason));
  open_ = 0;
}

void Transactions::end_as_left(StopReason reason, Millis now) {
  if (open_ == 0) return;
  log_.warning(kTag, "transaction ", open_, " was left open and is ended: ", name_of(reason));
  Record record;
  record.type = Record::Type::stop;
  record.reason = reason;
  record.energy_wh = ledger_.now().energy_wh;
  record.stamp = ledger_.now().sampled;  // later events are unknown
  add(record, now);
  open_ = 0;
}

void Transactions::add(Record& record, Millis now) {
  record.transaction = open_;
  WaitingMessage* entry = queue_.add(record, ledger_.now().next_sequence, now);
  if (entry == nullptr) return;
  entry->has_data = record.type == Record::Type::stop && data_.has(open_);
  ledger_.take(record.energy_wh, &record.stamp);
}

void Transactions::on_start_answered(uint32_t transaction, const IdTagInfo& info, Millis now) {
  if (transaction != open_) return;
  if (!info.parent.empty()) ledger_.now().parent_id_tag = info.parent;
  if (info.accepted()) return;
  ledger_.now().rejected = true;
  ledger_.touch();
  if (listener_ != nullptr) listener_->on_start_not_accepted(name_of(info.status), now);
}

Reporting Transactions::reporting() const {
  if (!times_.known()) return Reporting::no_time;
  if (open_ == 0 || ledger_.now().started == open_) return Reporting::possible;
  const WaitingMessage* entry = start();
  const bool is_waiting = entry != nullptr && entry->state != WaitingMessage::State::removing;
  return is_waiting && !outbox_.is_holding(open_) ? Reporting::possible : Reporting::given_up;
}

void Transactions::on_start_given_up(uint32_t transaction, Millis now) {
  if (transaction == open_ && listener_ != nullptr) listener_->on_start_given_up(now);
}

/// The StartTransaction of the open transaction; nullptr if that message is finished.
const WaitingMessage* Transactions::start() const {
  for (const WaitingMessage& entry : queue_) {
    if (entry.kind == WaitingMessage::Kind::start && entry.transaction == open_) return &entry;
  }
  return nullptr;
}

bool Transactions::start_is_stored() const {
  const WaitingMessage* entry = start();
  // A record with a file counts as stored, even while it is rewritten because its time has become final.
  return entry == nullptr || entry->has_file || entry->is_stored();
}

bool Transactions::start_is_rejected_by_flash() const {
  const WaitingMessage* entry = start();
  return entry != nullptr && entry->unsavable && !entry->has_file && entry->state != WaitingMessage::State::removing;
}

bool Transactions::transaction_id(int64_t& id) const {
  if (open_ == 0 || ledger_.now().started != open_) return false;
  id = ledger_.now().transaction_id;
  return true;
}

/// Dates the messages of this boot when the time server answers. The CSMS may be unreachable until the end of this
/// boot, and a later boot cannot date these messages. One file is written at a time, because memory is limited.
void Transactions::date_messages() {
  if (times_.time().quality() != TimeQuality::sntp || undated_ == UINT32_MAX) return;
  for (WaitingMessage& entry : queue_) {
    if (entry.sequence < undated_) continue;
    if (!queue_.all_stored() || !queue_.can_read(entry)) return;
    queue_.date(entry, times_);
    undated_ = entry.sequence + 1;
  }
  undated_ = UINT32_MAX;
}

Millis Transactions::poll(Millis now) {
  if (queue_.room() < MessageQueue::kSpare) queue_.thin_out();
  if (open_ != 0 && times_.correct(ledger_.now().sampled)) ledger_.touch();
  date_messages();
  outbox_.settle_front();
  return saver_.poll(now);
}

}  // namespace pb
