#include "features/transactions/transactions.h"

#include "core/decimal.h"
#include "core/text_writer.h"

namespace pb {
namespace {

constexpr Text kTag = "tx";
constexpr Text kLedgerName = "ledger";
constexpr Text kRecordPrefix = "tx-";
constexpr int kConnector = 1;

// The transactionData of a transaction, named by its number.
constexpr Text kDataPrefix = "txd-";

using FileName = FixedText<Storage::kMaxName>;

FileName file_name(uint32_t number, Text prefix = kRecordPrefix) {
  char name[Storage::kMaxName];
  TextWriter writer(name);
  writer.append_all(prefix, Padded{number, 10});
  FileName result;
  result.assign(writer.text());
  return result;
}

/// Collects the numbers of the files with a prefix, in ascending order.
struct NumberedFiles {
  explicit NumberedFiles(Text the_prefix) : prefix(the_prefix) {}

  Text prefix;
  uint32_t numbers[Transactions::kMaxRecords] = {};
  size_t count = 0;
  size_t beyond = 0;  // files that are more than there can be

  static void visit(void* self, Text name) { static_cast<NumberedFiles*>(self)->add(name); }
  void add(Text name) {
    uint64_t number = 0;
    if (!parse_decimal_unsigned({name.data + prefix.length, name.length - prefix.length}, number)) return;
    if (count == Transactions::kMaxRecords) {
      ++beyond;
      return;
    }
    size_t at = count++;
    for (; at > 0 && numbers[at - 1] > number; --at) numbers[at] = numbers[at - 1];
    numbers[at] = static_cast<uint32_t>(number);
  }
};

}  // namespace

Transactions::Transactions(Storage& storage, const TimeSync& time, Rng& rng, Logger& log)
    : storage_(storage), time_(time), rng_(rng), log_(log), boot_(rng.next()) {}

void Transactions::load(StopReason reason, LeftOpen left_open, Millis now) {
  load_ledger();
  load_records();
  find_what_was_left_open();
  load_data();
  left_wall_ms_ = ledger_.sampled.wall_ms;
  if (open_ == 0) return;
  if (left_open == LeftOpen::keep && !ledger_.refused) {
    log_.warning(kTag, "transaction ", open_, " was left open and is kept");
  } else {
    end_as_left(reason, now);
  }
}

void Transactions::load_ledger() {
  uint8_t content[Ledger::kMaxEncoded];
  size_t length = 0;
  StorageResult result = storage_.read(kLedgerName, content, length);
  if (result == StorageResult::not_found) return;
  if (result != StorageResult::ok || !ledger_.decode(Bytes{content, length})) {
    log_.error(kTag, "the ledger is damaged: energy register and transaction id are taken from the records");
  }
  saved_ledger_ = ledger_;
}

void Transactions::load_records() {
  NumberedFiles files(kRecordPrefix);
  storage_.list(kRecordPrefix, &NumberedFiles::visit, &files);
  if (files.beyond > 0) log_.error(kTag, files.beyond, " files are more than there can be; they are left alone");
  for (size_t i = 0; i < files.count; ++i) {
    Entry& entry = entries_[count_++];
    entry = Entry();
    entry.sequence = files.numbers[i];
    entry.state = State::saved;
    if (entry.sequence >= ledger_.next_sequence) ledger_.next_sequence = entry.sequence + 1;
    uint8_t content[MeterBatch::kMaxEncoded];
    size_t length = 0;
    bool read = storage_.read(file_name(entry.sequence).text(), content, length) == StorageResult::ok;
    if (!read || (!load_batch(entry, {content, length}) && !load_record(entry, {content, length}))) {
      give_up_file(entry, "its file is damaged");
      continue;
    }
    if (entry.transaction >= ledger_.next_transaction) ledger_.next_transaction = entry.transaction + 1;
    // The CSMS had answered, and the power went before the file did.
    bool answered = entry.transaction != 0 && ((entry.kind == Kind::start && entry.transaction <= ledger_.started) ||
                                               entry.transaction <= ledger_.stopped);
    if (answered) entry.state = State::removing;
  }
}

bool Transactions::load_record(Entry& entry, Bytes content) {
  Record record;
  if (!record.decode(content) || record.sequence != entry.sequence) return false;
  entry.transaction = record.transaction;
  entry.kind = record.type == Record::Type::start ? Kind::start : Kind::stop;
  if (record.energy_wh > ledger_.energy_wh) ledger_.energy_wh = record.energy_wh;
  ledger_.sampled = record.stamp;
  if (entry.kind == Kind::start && entry.transaction > ledger_.started) {
    ledger_.id_tag = record.id_tag;
    ledger_.parent_id_tag.clear();
    ledger_.meter_start_wh = record.energy_wh;
    ledger_.refused = false;
  }
  return true;
}

bool Transactions::load_batch(Entry& entry, Bytes content) {
  if (!scratch_.decode(content) || scratch_.sequence != entry.sequence) return false;
  entry.transaction = scratch_.transaction;
  entry.kind = Kind::meter;
  entry.boot = scratch_[0].stamp.boot;
  entry.from = scratch_[0].stamp.at;
  entry.count = static_cast<uint8_t>(scratch_.count());
  if (ledger_.batch == entry.sequence) entry.sent = static_cast<uint8_t>(ledger_.batch_sent);
  // Thinned out into the batch before it, and the power went before the file did.
  size_t index = static_cast<size_t>(&entry - entries_);
  bool stale = false;
  if (index > 0 && entries_[index - 1].kind == Kind::meter && read(entries_[index - 1], data_) &&
      data_.transaction == scratch_.transaction) {
    const MeterSample& before = data_.last();
    const MeterSample& last = scratch_.last();
    stale = before.stamp.boot == last.stamp.boot &&
            (before.stamp.at > last.stamp.at || (before.stamp.at == last.stamp.at && before.context == last.context));
  }
  if (stale || entry.sent >= entry.count) entry.state = State::removing;
  const MeterSample& last = scratch_.last();
  if (last.reading.energy_wh > ledger_.energy_wh) ledger_.energy_wh = last.reading.energy_wh;
  if (entry.transaction != 0) ledger_.sampled = last.stamp;
  return true;
}

void Transactions::find_what_was_left_open() {
  uint32_t begun = ledger_.started > ledger_.stopped ? ledger_.started : 0;
  uint32_t ended = 0;
  for (size_t i = 0; i < count_; ++i) {
    if (entries_[i].state == State::removing) continue;
    if (entries_[i].kind == Kind::start) begun = entries_[i].transaction;
    if (entries_[i].kind == Kind::stop) ended = entries_[i].transaction;
  }
  if (begun > ended) open_ = begun;
}

/// Reads the transactionData of a transaction. @return false when there is none that can be read.
bool Transactions::read_data(uint32_t transaction, MeterBatch& data) {
  uint8_t content[MeterBatch::kMaxEncoded];
  size_t length = 0;
  FileName name = file_name(transaction, kDataPrefix);
  return storage_.read(name.text(), content, length) == StorageResult::ok && data.decode({content, length}) &&
         data.transaction == transaction;
}

void Transactions::load_data() {
  NumberedFiles files(kDataPrefix);
  storage_.list(kDataPrefix, &NumberedFiles::visit, &files);
  data_.clear();
  for (size_t i = 0; i < files.count; ++i) {
    bool wanted = open_ != 0 && files.numbers[i] == open_ && read_data(open_, data_);
    for (size_t k = 0; k < count_; ++k) {
      if (entries_[k].kind != Kind::stop || entries_[k].transaction != files.numbers[i]) continue;
      entries_[k].has_data = wanted = true;
    }
    // Its StopTransaction was answered, and the power went before the file did.
    if (!wanted) storage_.remove(file_name(files.numbers[i], kDataPrefix).text(), StorageDone());
  }
}

bool Transactions::begin(Text id_tag, uint64_t energy_wh, Millis now) {
  if (open_ != 0) {
    log_.error(kTag, "a transaction is open already");
    return false;
  }
  while (room() < 2 && thin_out()) {
  }
  // A start and a stop need two files; their slots are free again when they are on flash.
  if (room() < 2 || !has_free_slot()) {
    log_.error(kTag, "no room for another transaction: ", count_, " messages wait for the CSMS");
    return false;
  }
  Record record;
  if (!record.id_tag.assign(id_tag)) {
    log_.error(kTag, "an idTag has at most 20 characters");
    return false;
  }
  record.type = Record::Type::start;
  record.energy_wh = energy_wh;
  record.stamp = stamp(now);
  open_ = ledger_.next_transaction++;
  ledger_.id_tag = record.id_tag;
  ledger_.parent_id_tag.clear();
  ledger_.meter_start_wh = energy_wh;
  ledger_.refused = false;
  data_.clear();
  data_dirty_ = false;
  add(record, now);
  log_.info(kTag, "transaction ", open_, " begins at ", energy_wh, " Wh");
  return true;
}

void Transactions::set_parent_id_tag(Text parent_id_tag) {
  if (open_ != 0) ledger_.parent_id_tag.assign(parent_id_tag);
}

void Transactions::sample(const MeterReading& reading, ReadingContext context, Measurands measurands, Millis now) {
  if (measurands.empty()) return;
  if (add_to_batch({stamp(now), reading, context, measurands}, now)) return;
  ++dropped_;
  log_.warning(kTag, "a meter value was dropped: no room");
}

void Transactions::keep_for_stop(const MeterReading& reading, ReadingContext context, Measurands measurands,
                                 Millis now) {
  if (open_ == 0 || measurands.empty()) return;
  MeterSample sample{stamp(now), reading, context, measurands};
  if (data_.full()) data_.halve(1);
  if (data_.count() > 0 && data_[0].stamp.boot != sample.stamp.boot) {
    // The transaction goes on after a power cut: only wall time spans both boots.
    const Stamp& first = data_[0].stamp;
    if (first.wall_ms == 0 || sample.stamp.wall_ms < first.wall_ms) return;
    sample.stamp.boot = first.boot;
    sample.stamp.at = first.at + static_cast<Millis>(sample.stamp.wall_ms - first.wall_ms);
  }
  data_.transaction = open_;
  if (data_.append(sample)) data_dirty_ = true;
}

void Transactions::end(StopReason reason, Text id_tag, uint64_t energy_wh, Millis now) {
  if (open_ == 0) return;
  Record record;
  record.type = Record::Type::stop;
  record.reason = reason;
  record.id_tag.assign(id_tag);
  record.energy_wh = energy_wh;
  record.stamp = stamp(now);
  add(record, now);
  log_.info(kTag, "transaction ", open_, " ends at ", energy_wh, " Wh: ", name_of(reason));
  open_ = 0;
}

void Transactions::end_as_left(StopReason reason, Millis now) {
  if (open_ == 0) return;
  log_.warning(kTag, "transaction ", open_, " was left open; it ends now: ", name_of(reason));
  Record record;
  record.type = Record::Type::stop;
  record.reason = reason;
  record.energy_wh = ledger_.energy_wh;
  record.stamp = ledger_.sampled;  // nothing is known of what came after
  add(record, now);
  open_ = 0;
}

bool Transactions::transaction_id(int64_t& id) const {
  if (open_ == 0 || ledger_.started != open_) return false;
  id = ledger_.transaction_id;
  return true;
}

void Transactions::note_energy(uint64_t energy_wh) {
  if (energy_wh >= saved_ledger_.energy_wh + kSaveEveryWh) save_energy(energy_wh);
}

void Transactions::save_energy(uint64_t energy_wh) {
  if (energy_wh <= ledger_.energy_wh) return;
  ledger_.energy_wh = energy_wh;
  ledger_dirty_ = true;
}

bool Transactions::all_saved() const {
  for (size_t i = 0; i < count_; ++i) {
    if (entries_[i].state == State::unsaved || entries_[i].state == State::saving) return false;
  }
  return true;
}

Millis Transactions::poll(Millis now) {
  if (room() < kSpare) thin_out();
  if (job_ == Job::none && now >= save_again_) start_job();
  if (job_failed_) {
    job_failed_ = false;
    save_again_ = now + kSaveAgain;
  }
  return now < save_again_ ? save_again_ : kNever;
}

// ---- the line

bool Transactions::add(Record& record, Millis now) {
  Kind kind = record.type == Record::Type::start ? Kind::start : Kind::stop;
  size_t slot = 0;
  while (slot < kMaxUnsaved && slot_used_[slot]) ++slot;
  if (slot == kMaxUnsaved || count_ == kMaxRecords) {
    ++dropped_;
    log_.error(kTag, action_of(kind), " was lost: no room");
    return false;
  }
  record.sequence = ledger_.next_sequence++;
  record.nonce = rng_.next();
  record.transaction = open_;
  slots_[slot] = record;
  slot_used_[slot] = true;
  Entry& entry = append_entry(kind, record.sequence, now);
  entry.slot = slot;
  entry.has_data = kind == Kind::stop && data_.transaction == open_ && data_.count() > 0;
  if (record.energy_wh > ledger_.energy_wh) ledger_.energy_wh = record.energy_wh;
  ledger_.sampled = record.stamp;
  return true;
}

Transactions::Entry& Transactions::append_entry(Kind kind, uint32_t sequence, Millis now) {
  Entry& entry = entries_[count_++];
  entry = Entry();
  entry.sequence = sequence;
  entry.transaction = open_;
  entry.kind = kind;
  entry.queued_at = now;
  return entry;
}

bool Transactions::add_to_batch(const MeterSample& sample, Millis now) {
  Entry* entry = count_ > 0 ? &entries_[count_ - 1] : nullptr;
  bool goes_on = entry != nullptr && entry->kind == Kind::meter && entry->state != State::removing &&
                 entry->transaction == open_ && entry->slot != kNoSlot && batch_of(*entry).takes(sample);
  if (!goes_on) entry = new_batch(now);
  if (entry == nullptr || !batch_of(*entry).append(sample)) return false;
  entry->count = static_cast<uint8_t>(batch_of(*entry).count());
  entry->boot = sample.stamp.boot;
  if (entry->count == 1) entry->from = sample.stamp.at;
  if (entry->state == State::saving) {
    entry->changed = true;
  } else {
    entry->state = State::unsaved;
  }
  if (sample.reading.energy_wh > ledger_.energy_wh) ledger_.energy_wh = sample.reading.energy_wh;
  if (open_ != 0) ledger_.sampled = sample.stamp;
  return true;
}

Transactions::Entry* Transactions::new_batch(Millis now) {
  if (room() < 2) return nullptr;  // the last file is the stop's
  size_t slot = free_batch();
  if (slot == kNoSlot) return nullptr;
  batch_used_[slot] = true;
  batches_[slot].clear();
  batches_[slot].sequence = ledger_.next_sequence++;
  batches_[slot].nonce = rng_.next();
  batches_[slot].transaction = open_;
  Entry& entry = append_entry(Kind::meter, batches_[slot].sequence, now);
  entry.slot = slot;
  return &entry;
}

/// A place for a batch; one that is on flash makes room.
size_t Transactions::free_batch() {
  for (size_t slot = 0; slot < kMaxBatches; ++slot) {
    if (!batch_used_[slot]) return slot;
  }
  for (size_t i = 0; i < count_; ++i) {
    Entry& entry = entries_[i];
    if (entry.kind != Kind::meter || entry.slot == kNoSlot || entry.state != State::saved) continue;
    size_t slot = entry.slot;
    entry.slot = kNoSlot;
    return slot;
  }
  return kNoSlot;
}

Transactions::Entry* Transactions::find(uint32_t sequence) {
  for (size_t i = 0; i < count_; ++i) {
    if (entries_[i].sequence == sequence) return &entries_[i];
  }
  return nullptr;
}

size_t Transactions::index_of_front() const {
  size_t i = 0;
  while (i < count_ && entries_[i].state == State::removing) ++i;
  return i;
}

void Transactions::take_out(size_t index) {
  const Entry& entry = entries_[index];
  if (entry.slot != kNoSlot) (entry.kind == Kind::meter ? batch_used_ : slot_used_)[entry.slot] = false;
  --count_;
  for (size_t i = index; i < count_; ++i) entries_[i] = entries_[i + 1];
}

bool Transactions::has_free_slot() const {
  for (bool used : slot_used_) {
    if (!used) return true;
  }
  return false;
}

/// Of two files with samples that follow each other, every second sample goes into one: those two that lie closest
/// together, so that what is left is spread evenly. The other file goes when that one is saved.
bool Transactions::thin_out() {
  size_t best = kMaxRecords;
  Millis shortest = kNever;
  // Not the front: it may be under way.
  for (size_t i = index_of_front() + 1; i + 1 < count_; ++i) {
    const Entry& entry = entries_[i];
    const Entry& next = entries_[i + 1];
    if (next.state == State::removing && entry.kind == Kind::meter) return false;  // one is under way
    if (entry.kind != Kind::meter || next.kind != Kind::meter || entry.transaction != next.transaction) continue;
    if (entry.state != State::saved || next.state != State::saved) continue;
    if (entry.alone || entry.boot != next.boot || next.from - entry.from >= shortest) continue;
    shortest = next.from - entry.from;
    best = i;
  }
  return best != kMaxRecords && merge(entries_[best], entries_[best + 1]);
}

bool Transactions::merge(Entry& entry, Entry& next) {
  size_t slot = entry.slot != kNoSlot ? entry.slot : free_batch();
  if (slot == kNoSlot || !read(next, scratch_)) return false;
  MeterBatch whole;
  if (!read(entry, whole)) return false;
  MeterBatch& merged = batches_[slot];
  merged.clear();
  merged.sequence = entry.sequence;
  merged.nonce = whole.nonce;
  merged.transaction = entry.transaction;
  // The last sample stays: by it the next boot sees that the other file is in here.
  for (const MeterBatch* batch : {&whole, &scratch_}) {
    for (size_t i = (batch->count() + 1) % 2; i < batch->count(); i += 2) {
      if (merged.append((*batch)[i])) continue;
      entry.alone = true;
      if (entry.slot != kNoSlot) batches_[slot] = whole;
      return false;
    }
  }
  size_t lost = whole.count() + scratch_.count() - merged.count();
  dropped_ += static_cast<uint32_t>(lost);
  log_.warning(kTag, "too many messages wait for the CSMS: ", lost, " meter values were thinned out");
  batch_used_[slot] = true;
  entry.slot = slot;
  entry.count = static_cast<uint8_t>(merged.count());
  entry.state = State::unsaved;
  next.state = State::removing;
  return true;
}

bool Transactions::read(const Entry& entry, Record& record) {
  if (entry.slot != kNoSlot) {
    record = slots_[entry.slot];
    return true;
  }
  uint8_t content[Record::kMaxEncoded];
  size_t length = 0;
  return storage_.read(file_name(entry.sequence).text(), content, length) == StorageResult::ok &&
         record.decode(Bytes{content, length}) && record.sequence == entry.sequence;
}

bool Transactions::read(const Entry& entry, MeterBatch& batch) {
  if (entry.slot != kNoSlot) {
    batch = batches_[entry.slot];
    return true;
  }
  uint8_t content[MeterBatch::kMaxEncoded];
  size_t length = 0;
  return storage_.read(file_name(entry.sequence).text(), content, length) == StorageResult::ok &&
         batch.decode(Bytes{content, length}) && batch.sequence == entry.sequence;
}

// ---- the flash

void Transactions::start_job() {
  // Before the stop that it belongs to.
  if (data_dirty_) {
    post(Job::save_data, 0);
    return;
  }
  for (size_t i = 0; i < count_; ++i) {
    if (entries_[i].state == State::unsaved && post(Job::save_record, entries_[i].sequence)) {
      entries_[i].state = State::saving;
      return;
    }
  }
  bool removals = false;
  for (size_t i = 0; i < count_; ++i) {
    if (entries_[i].state != State::removing) continue;
    removals = true;
    ledger_dirty_ = ledger_dirty_ || ledger_must_go_first(entries_[i]);
  }
  if (ledger_dirty_) {
    post(Job::save_ledger, 0);
    return;
  }
  for (size_t i = 0; removals && i < count_; ++i) {
    if (entries_[i].state == State::removing && post(Job::remove_record, entries_[i].sequence)) return;
  }
}

/// The file with the highest number keeps that number from being used again, until the ledger does.
bool Transactions::ledger_must_go_first(const Entry& entry) const {
  return entry.sequence >= saved_ledger_.next_sequence;
}

bool Transactions::post(Job job, uint32_t sequence) {
  char content[Ledger::kMaxEncoded];
  StorageDone done{&Transactions::on_job_done, this};
  bool posted = false;
  switch (job) {
    case Job::none:
      return false;
    case Job::save_record: {
      const Entry& entry = *find(sequence);
      Bytes bytes = entry.kind == Kind::meter
                        ? batch_of(entry).encode({reinterpret_cast<uint8_t*>(content), sizeof content})
                        : slots_[entry.slot].encode(content);
      posted = storage_.write(file_name(sequence).text(), bytes, done);
      break;
    }
    case Job::save_data:
      // What of it cannot be saved is not missed: transactionData is an extra.
      data_dirty_ = false;
      posted = storage_.write(file_name(data_.transaction, kDataPrefix).text(),
                              data_.encode({reinterpret_cast<uint8_t*>(content), sizeof content}), done);
      break;
    case Job::save_ledger:
      ledger_under_way_ = ledger_;
      ledger_dirty_ = false;
      posted = storage_.write(kLedgerName, ledger_.encode(content), done);
      ledger_dirty_ = !posted;
      break;
    case Job::remove_record:
      posted = storage_.remove(file_name(sequence).text(), done);
      break;
  }
  if (!posted) {
    job_failed_ = true;
    return false;
  }
  job_ = job;
  job_sequence_ = sequence;
  return true;
}

void Transactions::on_job_done(void* self, StorageResult result) { static_cast<Transactions*>(self)->job_done(result); }

void Transactions::job_done(StorageResult result) {
  Job job = job_;
  job_ = Job::none;
  bool ok = result == StorageResult::ok;
  if (!ok) {
    job_failed_ = true;
    log_.error(kTag, "nothing could be saved: ", name_of(result));
  }
  Entry* entry = find(job_sequence_);
  switch (job) {
    case Job::none:
      return;
    case Job::save_record:
      if (entry == nullptr || entry->state == State::removing) return;
      // What cannot be saved is sent from memory: charging goes on with a full flash.
      entry->state = ok ? State::saved : State::unsavable;
      if (entry->kind == Kind::meter) {
        if (entry->changed) entry->state = State::unsaved;
        entry->changed = false;
        return;  // it stays at hand for the next sample
      }
      if (ok) {
        slot_used_[entry->slot] = false;
        entry->slot = kNoSlot;
      }
      return;
    case Job::save_data:
      return;
    case Job::save_ledger:
      if (ok) {
        saved_ledger_ = ledger_under_way_;
      } else {
        ledger_dirty_ = true;
      }
      return;
    case Job::remove_record:
      if (!ok || entry == nullptr) return;
      if (entry->has_data) {
        // If it does not come to that, the next boot does it.
        storage_.remove(file_name(entry->transaction, kDataPrefix).text(), StorageDone());
      }
      take_out(static_cast<size_t>(entry - entries_));
      return;
  }
}

// ---- the front

DurableCalls::Front Transactions::front(Millis now, Millis& queued_at) {
  // No message goes out with a time of 1970.
  if (time_.quality() == TimeQuality::none) return Front::none;
  for (size_t i = index_of_front(); i < count_; i = index_of_front()) {
    Entry& entry = entries_[i];
    if (entry.kind != Kind::start && entry.transaction != 0 && entry.transaction != ledger_.started) {
      give_up_file(entry, "the CSMS never accepted its StartTransaction");
      continue;
    }
    queued_at = entry.queued_at;
    if (entry.state == State::unsaved || entry.state == State::saving) return Front::coming;
    return now >= retry_at_ ? Front::ready : Front::none;
  }
  return Front::none;
}

bool Transactions::write_front(JsonWriter& payload, MessageId& id, Text& action, Millis now) {
  size_t index = index_of_front();
  if (index == count_) return false;
  Entry& entry = entries_[index];
  char text[kMaxMessageId];
  TextWriter writer(text);
  Record record;
  if (entry.kind == Kind::meter) {
    if (!read(entry, scratch_) || entry.sent >= scratch_.count()) {
      give_up_file(entry, "its file is damaged");
      return false;
    }
    writer.append_all(Hex{scratch_.nonce, 8}, '-', entry.sequence, '.', entry.sent);
  } else {
    if (!read(entry, record)) {
      give_up_file(entry, "its file is damaged");
      return false;
    }
    writer.append_all(Hex{record.nonce, 8}, '-', record.sequence);
  }
  front_id_.assign(writer.text());
  // On one connection no id may be used twice (OCPP-J 1.6 section 4.1.4); on the next one the same id tells the CSMS
  // that it has the message already.
  if (sendings_ > 0) writer.append_all('-', sendings_ + 1);
  ++sendings_;
  id.assign(writer.text());
  action = action_of(entry.kind);
  if (entry.kind == Kind::meter) {
    write_payload(payload, scratch_[entry.sent]);
  } else {
    write_payload(payload, record);
  }
  if (entry.queued_at > now) entry.queued_at = now;
  return payload.ok();
}

const char* Transactions::action_of(Kind kind) {
  switch (kind) {
    case Kind::start:
      return "StartTransaction";
    case Kind::meter:
      return "MeterValues";
    case Kind::stop:
      return "StopTransaction";
  }
  return "";
}

void Transactions::write_payload(JsonWriter& json, const Record& record) {
  bool is_start = record.type == Record::Type::start;
  if (is_start) last_wall_ms_ = 0;
  Timestamp timestamp = format_timestamp(told_wall_ms(record.stamp));
  json.begin_object();
  if (is_start) {
    json.member("connectorId", kConnector).member("idTag", record.id_tag.text());
    json.member("meterStart", record.energy_wh).member("timestamp", timestamp.text());
  } else {
    json.member("transactionId", ledger_.transaction_id);
    if (!record.id_tag.empty()) json.member("idTag", record.id_tag.text());
    json.member("meterStop", record.energy_wh).member("timestamp", timestamp.text());
    json.member("reason", name_of(record.reason));
    if (data_.transaction == record.transaction && data_.count() > 0) {
      write_transaction_data(json, data_);
    } else if (read_data(record.transaction, scratch_)) {
      write_transaction_data(json, scratch_);
    }
  }
  json.end_object();
}

void Transactions::write_payload(JsonWriter& json, const MeterSample& sample) {
  const Entry& entry = entries_[index_of_front()];
  json.begin_object().member("connectorId", kConnector);
  UnixMillis wall = wall_ms(sample.stamp);
  if (entry.transaction != 0) {
    json.member("transactionId", ledger_.transaction_id);
    wall = told_wall_ms(sample.stamp);
  }
  json.key("meterValue").begin_array();
  write_meter_value(json, sample, wall);
  json.end_array().end_object();
}

/// Leaves out what does not fit into a message: every second sample, then three of four, and so on.
void Transactions::write_transaction_data(JsonWriter& json, const MeterBatch& data) {
  const JsonWriter without = json;
  for (size_t step = 1; step <= MeterBatch::kMaxSamples; step *= 2) {
    json = without;
    json.key("transactionData").begin_array();
    for (size_t i = 0; i < data.count(); ++i) {
      bool ends = i == 0 || i + 1 == data.count();
      if (ends || i % step == 0) write_meter_value(json, data[i], wall_ms(data[i].stamp));
    }
    json.end_array();
    JsonWriter closed = json;  // with the brace that is still to come
    if (closed.end_object().ok()) return;
  }
  json = without;
}

void Transactions::write_meter_value(JsonWriter& json, const MeterSample& sample, UnixMillis wall) const {
  json.begin_object().member("timestamp", format_timestamp(wall).text()).key("sampledValue");
  write_sampled_values(json, sample, nominal_voltage_v_);
  json.end_object();
}

/// True for the id of the front's message, whichever of its sendings.
bool Transactions::is_front(Text id) const {
  Text base = front_id_.text();
  if (base.empty() || id.length < base.length || Text(id.data, base.length) != base) return false;
  return id.length == base.length || id.data[base.length] == '-';
}

bool Transactions::on_result(Text id, JsonValue payload, Millis now) {
  size_t index = index_of_front();
  if (index == count_ || !is_front(id)) return false;
  Entry& entry = entries_[index];
  if (entry.kind == Kind::start) {
    int64_t transaction_id = 0;
    if (!payload.find("transactionId").get(transaction_id)) {
      failed_attempt("an answer without transactionId", now);
      return true;
    }
    ledger_.started = entry.transaction;
    ledger_.transaction_id = transaction_id;
    ledger_dirty_ = true;
    log_.info(kTag, "transaction ", entry.transaction, " has the id ", transaction_id);
  } else if (entry.kind == Kind::stop) {
    ledger_.stopped = entry.transaction;
    ledger_dirty_ = true;
  }
  if (entry.kind != Kind::meter) tell_id_tag_info(entry, payload.find("idTagInfo"));
  bool still_open = entry.kind == Kind::start && entry.transaction == open_;
  acknowledge(entry);
  if (still_open) on_start_answered(payload, now);
  return true;
}

void Transactions::on_start_answered(JsonValue payload, Millis now) {
  IdTag parent;
  if (payload.path("idTagInfo.parentIdTag").get(parent)) ledger_.parent_id_tag = parent;
  FixedText<16> status;
  if (!payload.path("idTagInfo.status").get(status) || status.text() == "Accepted") return;
  ledger_.refused = true;
  if (listener_ != nullptr) listener_->on_start_not_accepted(status.text(), now);
}

void Transactions::tell_id_tag_info(const Entry& entry, JsonValue info) {
  Record record;
  if (id_tag_listener_ == nullptr || !info.exists() || !read(entry, record) || record.id_tag.empty()) return;
  id_tag_listener_->on_id_tag_info(record.id_tag.text(), info);
}

bool Transactions::on_error(Text id, Text code, Millis now) {
  if (index_of_front() == count_ || !is_front(id)) return false;
  failed_attempt(code, now);
  return true;
}

void Transactions::on_timeout(Millis now) { failed_attempt("no answer in time", now); }

void Transactions::on_disconnected(Millis) {
  sendings_ = 0;
  retry_at_ = 0;
}

void Transactions::failed_attempt(Text cause, Millis now) {
  size_t index = index_of_front();
  if (index == count_) return;
  Entry& entry = entries_[index];
  ++attempts_;
  if (attempts_ >= retries_.attempts) {
    give_up(entry, cause);
    return;
  }
  retry_at_ = now + retries_.interval * attempts_;
  log_.warning(kTag, action_of(entry.kind), " ", entry.sequence, ": ", cause, "; again in ",
               retries_.interval * attempts_, " ms");
}

void Transactions::give_up(Entry& entry, Text cause) {
  ++dropped_;
  log_.error(kTag, action_of(entry.kind), " ", entry.sequence, " is given up: ", cause);
  acknowledge(entry);
}

/// As give_up, for all that is in the file.
void Transactions::give_up_file(Entry& entry, Text cause) {
  if (entry.kind == Kind::meter && entry.count > 0) {
    dropped_ += entry.count - entry.sent - 1u;
    entry.sent = static_cast<uint8_t>(entry.count - 1);
  }
  give_up(entry, cause);
}

/// The message at the front is done with: answered, or given up.
void Transactions::acknowledge(Entry& entry) {
  if (entry.kind == Kind::meter && entry.sent + 1 < entry.count) {
    ++entry.sent;
    ledger_.batch = entry.sequence;
    ledger_.batch_sent = entry.sent;
    ledger_dirty_ = true;
  } else {
    entry.state = State::removing;
  }
  front_id_.clear();
  attempts_ = 0;
  sendings_ = 0;
  retry_at_ = 0;
}

Millis Transactions::next_due() const {
  size_t index = index_of_front();
  return index < count_ && retry_at_ > 0 ? retry_at_ : kNever;
}

size_t Transactions::size() const {
  size_t waiting = 0;
  for (size_t i = 0; i < count_; ++i) {
    const Entry& entry = entries_[i];
    if (entry.state == State::removing) continue;
    waiting += entry.kind == Kind::meter ? size_t{entry.count} - entry.sent : 1;
  }
  return waiting;
}

// ---- time

Stamp Transactions::stamp(Millis now) const {
  // Whatever time a message may go out with is kept: sent again after a cut, it must say the same.
  return {boot_, now, time_.quality() == TimeQuality::none ? 0 : time_.at(now)};
}

/// As wall_ms, for messages of a transaction: a time that had to be guessed never lies before that of the message in
/// front of it.
UnixMillis Transactions::told_wall_ms(const Stamp& stamp) {
  UnixMillis wall = wall_ms(stamp);
  if (wall < last_wall_ms_) wall = last_wall_ms_;
  last_wall_ms_ = wall;
  return wall;
}

bool Transactions::time_away(Millis& duration) const {
  if (time_.quality() != TimeQuality::csms || left_wall_ms_ == 0) return false;
  const UnixMillis away = time_.at(0) - left_wall_ms_;
  duration = away > 0 ? static_cast<Millis>(away) : 0;
  return true;
}

UnixMillis Transactions::wall_ms(const Stamp& stamp) const {
  // Within the same boot what the CSMS says now counts for then as well.
  if (stamp.boot == boot_) return time_.at(stamp.at);
  if (stamp.wall_ms != 0) return stamp.wall_ms;
  // Of a boot that never heard the time: it was before this one.
  return time_.at(0);
}

}  // namespace pb
