#pragma once

#include "features/logging/logger.h"
#include "features/storage/storage.h"
#include "features/transactions/meter_batch.h"
#include "features/transactions/numbered_files.h"
#include "features/transactions/record.h"
#include "features/transactions/waiting_message.h"
#include "port/rng.h"

namespace pb {

/// The transaction messages that the CSMS has not answered yet, in the order in which they were made: one small file
/// each, samples that follow each other share one. What is new waits in a slot until it is on flash. Full, the line
/// thins out meter values; starts and stops it only refuses.
class MessageQueue {
 public:
  using Kind = WaitingMessage::Kind;
  using State = WaitingMessage::State;

  /// Files that wait at most. More of them would make the file system slow.
  static constexpr size_t kMaxFiles = NumberedFiles::kMax;
  /// Files kept free for what must not wait until samples are thinned out.
  static constexpr size_t kSpare = 4;
  /// Samples of one charge that wait without loss: what is beyond start, stop and the files kept free is samples.
  static constexpr size_t kMaxSamples = (kMaxFiles - kSpare - 2) * MeterBatch::kMaxSamples;
  /// Starts and stops that are not on flash yet, or cannot be put there because it is full: three transactions.
  static constexpr size_t kMaxUnsaved = 6;
  /// Batches in memory: the last one, to which samples are added, and those not on flash.
  static constexpr size_t kMaxBatches = 3;

  static constexpr Text kPrefix = "tx-";

  /// @param scratch where batches are read to; nobody relies on it beyond a call
  MessageQueue(Storage& storage, Rng& rng, MeterBatch& scratch, Logger& log)
      : storage_(storage), rng_(rng), scratch_(scratch), log_(log) {}

  /// Of the samples that come.
  void set_nominal_voltage(uint32_t volts) { voltage_v_ = static_cast<uint16_t>(volts); }

  // ---- what comes

  /// Appends a start or stop, which gets its number and nonce here.
  /// @param next_sequence the next free number, moved on  @return nullptr, logged and counted, when there is no room.
  WaitingMessage* add(Record& record, uint32_t& next_sequence, Millis now);
  /// Appends a sample, to the batch in the last file if that takes it.
  /// @param transaction 0 outside of transactions  @return false when there is no room.
  bool add(const MeterSample& sample, uint32_t transaction, uint32_t& next_sequence, Millis now);
  /// Appends a file that an earlier boot has left; in the order of their numbers.
  WaitingMessage& restore(uint32_t sequence);
  /// Whether a start and the stop after it have their places.
  bool takes_transaction() const { return room() >= 2 && free_slots() >= 2; }
  size_t room() const { return kMaxFiles - count_; }
  /// Of two files with samples that follow each other, every second sample goes into one: those two that lie closest
  /// together, so that what is left is spread evenly. The other file goes when that one is saved.
  /// @return false when there are no such files.
  bool thin_out();

  // ---- what is there

  WaitingMessage* begin() { return entries_; }
  WaitingMessage* end() { return entries_ + count_; }
  const WaitingMessage* begin() const { return entries_; }
  const WaitingMessage* end() const { return entries_ + count_; }
  size_t files() const { return count_; }
  /// The oldest one that is not done with, nullptr when there is none.
  WaitingMessage* front() { return const_cast<WaitingMessage*>(static_cast<const MessageQueue*>(this)->front()); }
  const WaitingMessage* front() const;
  WaitingMessage* find(uint32_t sequence);
  /// Messages that the CSMS has not answered yet.
  size_t waiting() const;
  /// True when all is on flash, or cannot get there.
  bool all_stored() const;
  /// Whether the flash has not been asked yet to take a message.
  bool has_untried() const;
  /// Gives the next message of an entry that is stored its final time, which has to be on flash before it is sent.
  /// @return whether it is there, or cannot get there.
  bool settle(WaitingMessage& entry, const TransactionTimes& times);
  /// Whether its content is at hand, or can be read now: no job of the storage is under way.
  bool can_read(const WaitingMessage& entry) const { return entry.slot != kNoSlot || !storage_.busy(); }
  /// After can_read(). @return false when its file is damaged.
  bool read(const WaitingMessage& entry, Record& record) const;
  /// Not inlined: its buffer would add to the frame of a caller that has a batch on its stack.
  [[gnu::noinline]] bool read(const WaitingMessage& entry, MeterBatch& batch) const;

  // ---- the flash

  /// Begins to write, or to remove, the file. @return false when the storage cannot take it now.
  bool write(WaitingMessage& entry, StorageDone done);
  bool remove(const WaitingMessage& entry, StorageDone done);
  /// Writing has ended. What cannot be saved is sent from memory: charging goes on with a full flash.
  void written(WaitingMessage& entry, bool ok);
  /// It is done with: what it has in memory makes room for others, its place does when its file has gone.
  void done_with(WaitingMessage& entry);
  /// False while something else on flash would lack what is in the file of an entry that is done with.
  bool may_be_removed(const WaitingMessage& entry) const;
  /// Its file is gone: its place is free.
  void take_out(const WaitingMessage& entry);

  /// Counts messages that the CSMS will not get.
  void count_lost(size_t messages) { lost_ += static_cast<uint32_t>(messages); }
  uint32_t lost() const { return lost_; }

 private:
  static constexpr size_t kNoSlot = WaitingMessage::kNoSlot;

  WaitingMessage& append(Kind kind, uint32_t sequence, uint32_t transaction, Millis now);
  WaitingMessage* new_batch(uint32_t transaction, uint32_t& next_sequence, Millis now);
  size_t free_batch();
  size_t free_slots() const;
  void forget_content(WaitingMessage& entry);
  bool merge(WaitingMessage& entry, WaitingMessage& next);
  size_t free_record() const;
  bool settle_batch(WaitingMessage& entry, const TransactionTimes& times);
  bool settle_record(WaitingMessage& entry, const TransactionTimes& times);
  static void changed(WaitingMessage& entry);

  Storage& storage_;
  Rng& rng_;
  MeterBatch& scratch_;
  Logger& log_;

  WaitingMessage entries_[kMaxFiles];  // by sequence
  size_t count_ = 0;
  Record records_[kMaxUnsaved];
  bool record_used_[kMaxUnsaved] = {};
  MeterBatch batches_[kMaxBatches];
  bool batch_used_[kMaxBatches] = {};
  uint16_t voltage_v_ = 0;
  uint32_t lost_ = 0;
};

}  // namespace pb
