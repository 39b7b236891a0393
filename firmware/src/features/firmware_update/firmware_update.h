#pragma once

#include "features/logging/logger.h"
#include "port/system.h"
#include "port/updates.h"
#include "port/worker.h"

namespace pb {

enum class UpdateProblem : uint8_t {
  none,
  unsupported,
  busy,
  waits_for_restart,
  on_trial,
  too_large,
  no_image,
  other_chip,
  damaged,
  flash_failed,
};

/// Returns the name for programs.
Text name_of(UpdateProblem problem);
/// Returns the problem in words for people, in English.
Text text_of(UpdateProblem problem);

/// Takes a new application image in pieces. The worker writes each piece to the slot that is not running. After the
/// last piece the image is validated and chosen for the next boot, on trial (ImageTrial). After any error the present
/// image stays selected. The caller restarts the device.
class FirmwareUpdate {
 public:
  /// Bytes of a job: few, because a job delays the storage's jobs.
  static constexpr size_t kPiece = 256;

  FirmwareUpdate(Updates& updates, const System& system, Worker& worker, Logger& log)
      : updates_(updates), system_(system), worker_(worker), log_(log) {}

  /// Begins an image of `length` bytes. @return the reason of a rejection
  UpdateProblem begin(size_t length);
  /// The place for the next bytes; empty while the worker writes. @return false when no more are wanted
  bool space(MutableBytes& into);
  /// Takes `count` bytes of the image, which the caller has written to the last space().
  void take(size_t count);
  /// Ends the image: no more bytes follow. Drops an incomplete image.
  void end();

  /// Posts a job for which the worker's queue was full. Call it in each round.
  void poll();

  /// Whether bytes or the worker's result are missing.
  bool busy() const { return state_ != State::idle && state_ != State::complete; }
  /// Why the last image was not taken.
  UpdateProblem problem() const { return problem_; }
  /// Whether the next boot is of a new image.
  bool is_complete() const { return state_ == State::complete; }

 private:
  enum class State : uint8_t {
    idle,
    receiving,
    writing,    ///< a piece is with the worker, or waits for it
    finishing,  ///< the end of the image is with the worker, or waits
    aborting,   ///< the end of the attempt is with the worker, or waits
    complete,
  };

  void post(State state);
  void run();
  void done();
  void fail(UpdateProblem problem);
  UpdateProblem check_head() const;

  Updates& updates_;
  const System& system_;
  Worker& worker_;
  Logger& log_;
  State state_ = State::idle;
  UpdateProblem problem_ = UpdateProblem::none;
  bool is_posted_ = false;                  ///< the worker has the job of the state
  bool has_ended_ = false;                  ///< the caller has given up during a job
  bool has_begun_ = false;                  ///< the port has an image
  UpdateResult result_ = UpdateResult::ok;  ///< the result of the job
  size_t length_ = 0;
  size_t received_ = 0;  ///< bytes of the image, with those in piece_
  size_t filled_ = 0;    ///< bytes in piece_
  uint8_t piece_[kPiece] = {};
};

}  // namespace pb
