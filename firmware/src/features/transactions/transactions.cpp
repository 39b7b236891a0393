#include "features/transactions/transactions.h"

#include "core/decimal.h"
#include "core/text_writer.h"

namespace pb {
namespace {

constexpr Text kTag = "tx";
constexpr Text kLedgerName = "ledger";
constexpr Text kRecordPrefix = "tx-";
constexpr int kConnector = 1;

using FileName = FixedText<Storage::kMaxName>;

FileName file_name(uint32_t sequence) {
  char name[Storage::kMaxName];
  TextWriter writer(name);
  writer.append_all(kRecordPrefix, Padded{sequence, 10});
  FileName result;
  result.assign(writer.text());
  return result;
}

const char* action_of(Record::Type type) {
  switch (type) {
    case Record::Type::start:
      return "StartTransaction";
    case Record::Type::meter:
      return "MeterValues";
    case Record::Type::stop:
      return "StopTransaction";
  }
  return "";
}

/// Collects the sequence numbers of the record files, in ascending order.
struct RecordFiles {
  uint32_t sequences[Transactions::kMaxRecords] = {};
  size_t count = 0;
  size_t beyond = 0;  // files that are more than there can be

  static void visit(void* self, Text name) { static_cast<RecordFiles*>(self)->add(name); }
  void add(Text name) {
    uint64_t sequence = 0;
    if (!parse_decimal_unsigned({name.data + kRecordPrefix.length, name.length - kRecordPrefix.length}, sequence))
      return;
    if (count == Transactions::kMaxRecords) {
      ++beyond;
      return;
    }
    size_t at = count++;
    for (; at > 0 && sequences[at - 1] > sequence; --at) sequences[at] = sequences[at - 1];
    sequences[at] = static_cast<uint32_t>(sequence);
  }
};

}  // namespace

Transactions::Transactions(Storage& storage, const TimeSync& time, Rng& rng, Logger& log)
    : storage_(storage), time_(time), rng_(rng), log_(log), boot_(rng.next()) {}

void Transactions::load(StopReason reason, Millis now) {
  load_ledger();
  load_records();
  end_what_was_left_open(reason, now);
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
  RecordFiles files;
  storage_.list(kRecordPrefix, &RecordFiles::visit, &files);
  if (files.beyond > 0) log_.error(kTag, files.beyond, " files are more than there can be; they are left alone");
  for (size_t i = 0; i < files.count; ++i) {
    Entry& entry = entries_[count_++];
    entry = Entry();
    entry.sequence = files.sequences[i];
    entry.state = State::saved;
    Record record;
    if (entry.sequence >= ledger_.next_sequence) ledger_.next_sequence = entry.sequence + 1;
    if (!read(entry, record)) {
      give_up(entry, "its file is damaged");
      continue;
    }
    entry.transaction = record.transaction;
    entry.type = record.type;
    if (record.transaction >= ledger_.next_transaction) ledger_.next_transaction = record.transaction + 1;
    if (record.energy_wh > ledger_.energy_wh) ledger_.energy_wh = record.energy_wh;
    ledger_.sampled = record.stamp;
    // The CSMS had answered, and the power went before the file did.
    bool answered = (record.type == Record::Type::start && record.transaction <= ledger_.started) ||
                    record.transaction <= ledger_.stopped;
    if (answered) entry.state = State::removing;
  }
}

void Transactions::end_what_was_left_open(StopReason reason, Millis now) {
  uint32_t begun = ledger_.started > ledger_.stopped ? ledger_.started : 0;
  uint32_t ended = 0;
  for (size_t i = 0; i < count_; ++i) {
    if (entries_[i].state == State::removing) continue;
    if (entries_[i].type == Record::Type::start) begun = entries_[i].transaction;
    if (entries_[i].type == Record::Type::stop) ended = entries_[i].transaction;
  }
  if (begun == 0 || begun <= ended) return;
  log_.warning(kTag, "transaction ", begun, " was left open; it ends now: ", name_of(reason));
  open_ = begun;
  Record record;
  record.type = Record::Type::stop;
  record.reason = reason;
  record.energy_wh = ledger_.energy_wh;
  record.stamp = ledger_.sampled;  // nothing is known of what came after
  add(record, now);
  open_ = 0;
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
  id_tag_.assign(id_tag);
  add(record, now);
  log_.info(kTag, "transaction ", open_, " begins at ", energy_wh, " Wh");
  return true;
}

void Transactions::sample(uint64_t energy_wh, Millis now) {
  if (open_ == 0) return;
  // The last file and the last slot are the stop's.
  while (room() < 2 && thin_out()) {
  }
  size_t free_slots = 0;
  for (bool used : slot_used_) free_slots += used ? 0 : 1;
  if (room() < 2 || free_slots < 2) {
    ++dropped_;
    log_.warning(kTag, "a meter value was dropped: no room");
    return;
  }
  Record record;
  record.type = Record::Type::meter;
  record.energy_wh = energy_wh;
  record.stamp = stamp(now);
  add(record, now);
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
  id_tag_.clear();
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
  if (job_ == Job::none && now >= save_again_) start_job();
  if (job_failed_) {
    job_failed_ = false;
    save_again_ = now + kSaveAgain;
  }
  return now < save_again_ ? save_again_ : kNever;
}

// ---- the line

bool Transactions::add(Record& record, Millis now) {
  size_t slot = 0;
  while (slot < kMaxUnsaved && slot_used_[slot]) ++slot;
  if (slot == kMaxUnsaved || count_ == kMaxRecords) {
    ++dropped_;
    log_.error(kTag, action_of(record.type), " was lost: no room");
    return false;
  }
  record.sequence = ledger_.next_sequence++;
  record.nonce = rng_.next();
  record.transaction = open_;
  slots_[slot] = record;
  slot_used_[slot] = true;
  Entry& entry = entries_[count_++];
  entry = Entry();
  entry.sequence = record.sequence;
  entry.transaction = record.transaction;
  entry.type = record.type;
  entry.queued_at = now;
  entry.slot = slot;
  if (record.energy_wh > ledger_.energy_wh) ledger_.energy_wh = record.energy_wh;
  ledger_.sampled = record.stamp;
  return true;
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
  if (entries_[index].slot != kNoSlot) slot_used_[entries_[index].slot] = false;
  --count_;
  for (size_t i = index; i < count_; ++i) entries_[i] = entries_[i + 1];
}

bool Transactions::has_free_slot() const {
  for (bool used : slot_used_) {
    if (!used) return true;
  }
  return false;
}

/// Takes out the meter value that is missed least: the one between the two neighbours that lie closest together.
bool Transactions::thin_out() {
  size_t best = kMaxRecords;
  uint32_t smallest = UINT32_MAX;
  // Not the front: it may be under way.
  for (size_t i = index_of_front() + 1; i < count_; ++i) {
    const Entry& entry = entries_[i];
    if (entry.type != Record::Type::meter || entry.state == State::removing || entry.state == State::saving) continue;
    uint32_t next = i + 1 < count_ ? entries_[i + 1].sequence : ledger_.next_sequence;
    uint32_t gap = next - entries_[i - 1].sequence;
    if (gap < smallest) {
      smallest = gap;
      best = i;
    }
  }
  if (best == kMaxRecords) return false;
  ++dropped_;
  log_.warning(kTag, "too many messages wait for the CSMS: a meter value was thinned out");
  if (entries_[best].state == State::saved) {
    // Its file goes as soon as the flash is free; its place in the line is needed now.
    uint32_t sequence = entries_[best].sequence;
    FileName name = file_name(sequence);
    if (!storage_.remove(name.text(), StorageDone())) return false;
  }
  take_out(best);
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

// ---- the flash

void Transactions::start_job() {
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
  char content[Record::kMaxEncoded];
  StorageDone done{&Transactions::on_job_done, this};
  bool posted = false;
  switch (job) {
    case Job::none:
      return false;
    case Job::save_record:
      posted = storage_.write(file_name(sequence).text(), slots_[find(sequence)->slot].encode(content), done);
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
      if (ok) {
        slot_used_[entry->slot] = false;
        entry->slot = kNoSlot;
      }
      return;
    case Job::save_ledger:
      if (ok) {
        saved_ledger_ = ledger_under_way_;
      } else {
        ledger_dirty_ = true;
      }
      return;
    case Job::remove_record:
      if (ok && entry != nullptr) take_out(static_cast<size_t>(entry - entries_));
      return;
  }
}

// ---- the front

DurableCalls::Front Transactions::front(Millis now, Millis& queued_at) {
  for (size_t i = index_of_front(); i < count_; i = index_of_front()) {
    Entry& entry = entries_[i];
    if (entry.type != Record::Type::start && entry.transaction != ledger_.started) {
      give_up(entry, "the CSMS never accepted its StartTransaction");
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
  Record record;
  if (!read(entry, record)) {
    give_up(entry, "its file is damaged");
    return false;
  }
  char text[kMaxMessageId];
  TextWriter writer(text);
  writer.append_all(Hex{record.nonce, 8}, '-', record.sequence);
  front_id_.assign(writer.text());
  // On one connection no id may be used twice (OCPP-J 1.6 section 4.1.4); on the next one the same id tells the CSMS
  // that it has the message already.
  if (sendings_ > 0) writer.append_all('-', sendings_ + 1);
  ++sendings_;
  id.assign(writer.text());
  action = action_of(record.type);
  write_payload(payload, record);
  if (entry.queued_at > now) entry.queued_at = now;
  return payload.ok();
}

void Transactions::write_payload(JsonWriter& json, const Record& record) {
  char digits[24];
  TextWriter energy(digits);
  energy.append(record.energy_wh);
  UnixMillis wall = wall_ms(record.stamp);
  // A time that had to be guessed never lies before that of the message in front of it.
  if (record.type != Record::Type::start && wall < last_wall_ms_) wall = last_wall_ms_;
  last_wall_ms_ = wall;
  Timestamp timestamp = format_timestamp(wall);
  json.begin_object();
  switch (record.type) {
    case Record::Type::start:
      json.member("connectorId", kConnector).member("idTag", record.id_tag.text());
      json.member("meterStart", record.energy_wh).member("timestamp", timestamp.text());
      break;
    case Record::Type::meter:
      json.member("connectorId", kConnector).member("transactionId", ledger_.transaction_id);
      json.key("meterValue").begin_array().begin_object().member("timestamp", timestamp.text());
      json.key("sampledValue").begin_array().begin_object();
      json.member("value", energy.text()).member("context", "Sample.Periodic");
      json.member("measurand", "Energy.Active.Import.Register").member("unit", "Wh");
      json.end_object().end_array().end_object().end_array();
      break;
    case Record::Type::stop:
      json.member("transactionId", ledger_.transaction_id);
      if (!record.id_tag.empty()) json.member("idTag", record.id_tag.text());
      json.member("meterStop", record.energy_wh).member("timestamp", timestamp.text());
      json.member("reason", name_of(record.reason));
      break;
  }
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
  if (entry.type == Record::Type::start) {
    int64_t transaction_id = 0;
    if (!payload.find("transactionId").get(transaction_id)) {
      failed_attempt("an answer without transactionId", now);
      return true;
    }
    ledger_.started = entry.transaction;
    ledger_.transaction_id = transaction_id;
    ledger_dirty_ = true;
    log_.info(kTag, "transaction ", entry.transaction, " has the id ", transaction_id);
  } else if (entry.type == Record::Type::stop) {
    ledger_.stopped = entry.transaction;
    ledger_dirty_ = true;
  }
  tell_id_tag_info(entry, payload.find("idTagInfo"));
  bool still_open = entry.type == Record::Type::start && entry.transaction == open_;
  acknowledge(entry);
  FixedText<16> status;
  if (still_open && payload.path("idTagInfo.status").get(status) && status.text() != "Accepted" &&
      listener_ != nullptr) {
    listener_->on_start_not_accepted(status.text(), now);
  }
  return true;
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
  log_.warning(kTag, action_of(entry.type), " ", entry.sequence, ": ", cause, "; again in ",
               retries_.interval * attempts_, " ms");
}

void Transactions::give_up(Entry& entry, Text cause) {
  ++dropped_;
  log_.error(kTag, action_of(entry.type), " ", entry.sequence, " is given up: ", cause);
  acknowledge(entry);
}

void Transactions::acknowledge(Entry& entry) {
  entry.state = State::removing;
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
  for (size_t i = 0; i < count_; ++i) waiting += entries_[i].state == State::removing ? 0 : 1;
  return waiting;
}

// ---- time

Stamp Transactions::stamp(Millis now) const {
  return {boot_, now, time_.quality() == TimeQuality::csms ? time_.at(now) : 0};
}

UnixMillis Transactions::wall_ms(const Stamp& stamp) const {
  // Within the same boot what the CSMS says now counts for then as well.
  if (stamp.boot == boot_) return time_.at(stamp.at);
  if (stamp.wall_ms != 0) return stamp.wall_ms;
  // Of a boot that never heard the time: it was before this one.
  return time_.at(0);
}

}  // namespace pb
