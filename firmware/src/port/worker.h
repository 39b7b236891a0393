#pragma once

namespace pb {

/// A piece of work that may block, as a value. `run` happens in the worker, `done` afterwards on the loop. From post()
/// until `done` the worker alone touches what `context` points to: the data travel inside the job.
struct Job {
  void (*run)(void* context) = nullptr;
  void (*done)(void* context) = nullptr;
  void* context = nullptr;
};

/// Runs what blocks (flash) away from the loop: a task on the chip, with a lower priority than the loop's, so that a
/// job does not run inside the poll that posted it. On the host the loop's own thread runs the jobs between two rounds,
/// so that one seed gives one order of events; by `--worker thread` a thread does.
class Worker {
 public:
  /// Jobs run one at a time, in the order posted. The end of each wakes the loop. @return false when the queue is full.
  virtual bool post(Job job) = 0;
  /// Calls `done` of each job that has ended. Only the loop calls it. @return whether there was any.
  virtual bool deliver() = 0;

 protected:
  ~Worker() = default;
};

}  // namespace pb
