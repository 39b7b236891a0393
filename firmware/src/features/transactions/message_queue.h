#pragma once

#include "features/logging/logger.h"
#include "features/storage/storage.h"
#include "features/transactions/meter_batch.h"
#include "features/transactions/numbered_files.h"
#include "features/transactions/record.h"
#include "features/transactions/waiting_message.h"
#include "port/rng.h"

namespace pb {

/// The transaction messages that the CSMS has not answered yet, in order of creation. Each start and stop has a file;
/// consecutive samples share a file. New content is in a slot until it is on flash. A full queue thins out meter
/// values, but never drops a start or stop: it only rejects new ones.
class MessageQueue {
 public:
  using Kind = WaitingMessage::Kind;
  using State = WaitingMessage::State;

  /// Largest number of files. More would make the file system slow.
  static constexpr size_t kMaxFiles = NumberedFiles::kMax;
  /// Files kept free for messages that cannot wait until samples are thinned out.
  static constexpr size_t kSpare = 4;
  /// Samples of one charge that are kept without loss: those of all files except its start, its stop and the spare
  /// files.
  static constexpr size_t kMaxSamples = (kMaxFiles - kSpare - 2) * MeterBatch::kMaxSamples;
  /// Starts and stops in memory, for three transactions: they are not on flash yet, or the flash is full.
  static constexpr size_t kMaxUnsaved = 6;
  /// Batches in memory: the newest one, to which samples are added, and those not on flash.
  static constexpr size_t kMaxBatches = 3;

  static constexpr Text kPrefix = "tx-";
  /// A copy of the newest start. Without it, a damaged file would lose the idTag and therefore the charge.
  static constexpr Text kStartCopy = "start_copy";

  /// @param scratch buffer for reading batches; its content is only valid within a call
  MessageQueue(Storage& storage, Rng& rng, MeterBatch& scratch, Logger& log)
      : storage_(storage), rng_(rng), scratch_(scratch), log_(log) {}

  /// Sets the voltage of new samples.
  void set_nominal_voltage(uint32_t volts) { voltage_v_ = static_cast<uint16_t>(volts); }

  // ---- adding

  /// Appends a start or stop and gives it its number and nonce.
  /// @param next_sequence the next free number; advanced  @return nullptr, logged and counted, when the queue is full.
  WaitingMessage* add(Record& record, uint32_t& next_sequence, Millis now);
  /// Appends a sample, to the newest batch if it fits there.
  /// @param transaction 0 outside of transactions  @return false when the queue is full.
  bool add(const MeterSample& sample, uint32_t transaction, uint32_t& next_sequence, Millis now);
  /// Appends a file of an earlier boot; call in the order of their numbers.
  WaitingMessage& restore(uint32_t sequence);
  /// Adds a start or stop of an earlier boot whose file is lost. A stop gets a new nonce.
  /// @param record has the number of a damaged or missing file  @return false without room for it and another stop.
  bool restore_lost(Record& record);
  /// Whether there is room for a start and its stop.
  bool takes_transaction() const { return room() >= 2 && free_slots() >= 2; }
  size_t room() const { return kMaxFiles - count_; }
  /// Merges two consecutive files of samples into one with every second sample. The two files are those that are
  /// closest in time, so that the remaining samples are spread evenly. The second file is removed when the first one is
  /// saved. @return false when there are no such files.
  bool thin_out();

  // ---- reading

  WaitingMessage* begin() { return entries_; }
  WaitingMessage* end() { return entries_ + count_; }
  const WaitingMessage* begin() const { return entries_; }
  const WaitingMessage* end() const { return entries_ + count_; }
  size_t files() const { return count_; }
  /// The oldest message that is not finished; nullptr if there is none.
  WaitingMessage* front() { return const_cast<WaitingMessage*>(static_cast<const MessageQueue*>(this)->front()); }
  const WaitingMessage* front() const;
  WaitingMessage* find(uint32_t sequence);
  /// Number of messages that the CSMS has not answered yet.
  size_t waiting() const;
  /// True when every message is on flash, or the flash has rejected it.
  bool all_stored() const;
  /// Whether a finished message still has its file: the next boot would send it again.
  bool has_finished_files() const;
  /// Whether the first attempt to write a message is still pending.
  bool has_untried() const;
  /// Gives the next message of a stored entry its final time, which has to be on flash before the message is sent.
  /// @return whether that time is on flash, or the flash has rejected it.
  bool settle(WaitingMessage& entry, const TransactionTimes& times);
  /// Gives a stored entry the time that is known now, which a better one may still replace.
  void date(WaitingMessage& entry, const TransactionTimes& times);
  /// Whether the content is in memory, or can be read now because no storage job is running.
  bool can_read(const WaitingMessage& entry) const { return entry.slot != kNoSlot || !storage_.busy(); }
  bool storage_busy() const { return storage_.busy(); }
  /// Call only if can_read(). @return false when the file is damaged.
  bool read(const WaitingMessage& entry, Record& record, OnLoss on_loss = OnLoss::report) const;
  /// As read(), but takes the newest start from its copy if its file is damaged.
  bool read_or_restore(WaitingMessage& entry, Record& record);
  /// Reads the start out of the file of its stop. @return false when that file has none.
  bool read_start(const WaitingMessage& stop, Record& start) const;
  /// Not inlined: its buffer would enlarge the stack frame of a caller that already has a batch.
  [[gnu::noinline]] bool read(const WaitingMessage& entry, MeterBatch& batch) const;

  // ---- flash

  /// Starts to write the copy of a start. @return false when the storage cannot accept the job now.
  bool write_copy(const WaitingMessage& entry, StorageDone done);
  /// The write of the copy has ended. A copy that the flash rejects is not written again.
  void copied(WaitingMessage& entry);
  /// Takes the content of a damaged file from the copy, and logs that. @return false when the copy is of another start.
  bool restore_from_copy(WaitingMessage& entry);
  /// Requests the copy of the newest start, which has to be written before the start is sent, if the power failed
  /// between the file and the copy. Call at boot.
  void renew_copy();
  /// Keeps the pending start of a transaction, so that the file of its stop also stores the start. Call at boot, for
  /// the transaction that was left open.
  void remember_start(uint32_t transaction);
  /// Starts to write, or to remove, the file. @return false when the storage cannot accept the job now.
  bool write(WaitingMessage& entry, StorageDone done);
  bool remove(const WaitingMessage& entry, StorageDone done);
  /// The write has ended. A message that cannot be saved is sent from memory: a full flash does not prevent charging.
  void written(WaitingMessage& entry, bool ok);
  /// Marks a message as finished. Its memory is free at once, and its entry when the file is removed.
  void finish(WaitingMessage& entry);
  /// False while the content of the finished entry is needed, because no other file has it yet.
  bool may_be_removed(const WaitingMessage& entry) const;
  /// Removes an entry whose file is removed.
  void erase(const WaitingMessage& entry);

  /// Counts messages that the CSMS will not get.
  void count_lost(size_t messages) { lost_ += static_cast<uint32_t>(messages); }
  uint32_t lost() const { return lost_; }

 private:
  static constexpr size_t kNoSlot = WaitingMessage::kNoSlot;

  WaitingMessage& append(Kind kind, uint32_t sequence, uint32_t transaction, Millis now);
  WaitingMessage* new_batch(uint32_t transaction, uint32_t& next_sequence, Millis now);
  size_t free_batch();
  size_t free_slots() const;
  void keep_content(WaitingMessage& entry, const Record& record);
  void forget_content(WaitingMessage& entry);
  WaitingMessage* newest_start();
  bool is_copied(const Record& record) const;
  const Record* start_for(const WaitingMessage& entry) const;
  bool merge(WaitingMessage& entry, WaitingMessage& next);
  size_t free_record() const;
  bool settle_batch(WaitingMessage& entry, const TransactionTimes& times);
  bool settle_record(WaitingMessage& entry, const TransactionTimes& times);
  static void changed(WaitingMessage& entry);

  Storage& storage_;
  Rng& rng_;
  MeterBatch& scratch_;
  Logger& log_;

  WaitingMessage entries_[kMaxFiles];  // ordered by sequence
  size_t count_ = 0;
  Record records_[kMaxUnsaved];
  bool record_used_[kMaxUnsaved] = {};
  MeterBatch batches_[kMaxBatches];
  bool batch_used_[kMaxBatches] = {};
  Record newest_start_;  // for the file of its stop
  uint16_t voltage_v_ = 0;
  uint32_t lost_ = 0;
};

}  // namespace pb
