#pragma once

namespace pb {

/// A piece of work that may block. `run` is called in the worker, then `done` on the loop. From post() to `done` only
/// the worker may use the data behind `context`.
struct Job {
  void (*run)(void* context) = nullptr;
  void (*done)(void* context) = nullptr;
  void* context = nullptr;
};

/// Runs blocking work (flash) outside the loop. On the chip a task with a lower priority than the loop's runs the jobs;
/// with two cores a job may run beside the loop. This is safe, because the loop does not use the data of a job before
/// `done`. On the host the loop's thread runs the jobs between two rounds, so that the order of events depends on the
/// seed only. With `--worker thread` a thread runs them.
class Worker {
 public:
  /// Jobs run one at a time, in order. The end of each wakes the loop. @return false when the queue is full.
  virtual bool post(Job job) = 0;
  /// Calls `done` of each finished job. Only the loop may call this. @return whether a job had finished.
  virtual bool deliver() = 0;

 protected:
  ~Worker() = default;
};

}  // namespace pb
