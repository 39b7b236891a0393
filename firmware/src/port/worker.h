#pragma once

namespace pb {

/// A piece of work that may block, as a value. `run` happens in the worker, `done` afterwards on the loop.
struct Job {
  void (*run)(void* context) = nullptr;
  void (*done)(void* context) = nullptr;
  void* context = nullptr;
};

/// Runs what blocks (flash) away from the loop: a task on the chip. On the host the loop's own thread runs the jobs
/// between two rounds, so that one seed gives one order of events, and a slow erase really stops the loop as it does on
/// the chip.
class Worker {
 public:
  /// Jobs run in the order posted. @return false when the queue is full.
  virtual bool post(Job job) = 0;
  /// Calls `run` at once on the caller's thread, and never at the same time as a posted job: for what must be read now.
  virtual void run_now(void (*run)(void* context), void* context) = 0;
  /// Calls `done` of each job that has ended. Only the loop calls it. @return whether there was any.
  virtual bool deliver() = 0;

 protected:
  ~Worker() = default;
};

}  // namespace pb
