#pragma once

#include "core/sha256.h"
#include "features/logging/logger.h"
#include "port/rng.h"
#include "port/secrets.h"
#include "port/worker.h"

namespace pb {

/// The password of the page. It is kept as a salted hash (PBKDF2) in the partition `secrets`; the worker computes it.
/// Without a stored password the device makes a random password, prints it on the console once, and demands another
/// password at the first login.
class WebLogin {
 public:
  static constexpr size_t kMinPassword = 10;
  static constexpr size_t kMaxPassword = 64;
  /// Iterations of PBKDF2: about 0.5 s on an ESP32, in the worker.
  static constexpr uint32_t kIterations = 4096;
  /// From this many wrong passwords on, the next try must wait, twice as long each time.
  static constexpr uint32_t kFreeFailures = 3;
  static constexpr Millis kFirstPause = 2'000;
  static constexpr Millis kMaxPause = 60'000;

  enum class Result : uint8_t { none, right, wrong, stored, failed };

  WebLogin(Secrets& secrets, Worker& worker, Rng& rng, const Clock& clock, Logger& log)
      : secrets_(secrets), worker_(worker), rng_(rng), clock_(clock), log_(log) {}

  /// Reads the stored password, or makes the first one.
  void start();
  /// Makes and prints a new random password, which must be changed. @return false while another job runs
  bool reset();

  bool busy() const { return busy_; }
  /// Whether the password is one that the device has printed.
  bool must_change() const { return (stored_.flags & kMustChange) != 0; }
  /// When the next password may be tried.
  Millis locked_until() const { return locked_until_; }

  /// Compares a password with the stored one; result() has the answer when busy() is false. @return false while busy
  bool check(Text password);
  /// Stores another password, as check(). Its length must be within the limits.
  bool change(Text password);
  Result result() const { return result_; }

 private:
  static constexpr uint8_t kVersion = 1;
  static constexpr uint8_t kMustChange = 1;

  /// The blob in the partition `secrets` (FORMAT.md).
  struct Record {
    uint8_t version = 0;
    uint8_t flags = 0;
    uint8_t salt[16] = {};
    uint8_t hash[kSha256Length] = {};
  };
  static_assert(sizeof(Record) == 50, "the record is stored as it is in memory");

  enum class Work : uint8_t { check, change, first };

  bool post(Work work, Text password);
  void run();
  void done();

  Secrets& secrets_;
  Worker& worker_;
  Rng& rng_;
  const Clock& clock_;
  Logger& log_;
  Record stored_;
  uint32_t failures_ = 0;
  Millis locked_until_ = 0;
  Result result_ = Result::none;

  // The job, which belongs to the worker while busy_.
  bool busy_ = false;
  Work work_ = Work::check;
  FixedText<kMaxPassword> password_;
  Record record_;
  bool is_right_ = false;
  SecretsResult written_ = SecretsResult::ok;
};

}  // namespace pb
