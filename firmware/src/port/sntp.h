#pragma once

#include <stdint.h>

#include "core/text.h"
#include "core/time.h"

namespace pb {

/// A time that a time server has sent.
struct SntpTime {
  int64_t unix_ms = 0;  ///< milliseconds since 1970-01-01T00:00:00Z
  Millis at = 0;        ///< the moment of Clock::now() at which it was received
};

/// A client of the Simple Network Time Protocol (RFC 5905, section 14) with one server. Nothing authenticates the
/// answers: the caller decides whether a time can be used.
class Sntp {
 public:
  /// The longest name of a server, in bytes.
  static constexpr size_t kMaxServer = 63;

  /// Asks a server from now on, instead of any other. The client asks again by itself: an hour after each answer;
  /// without an answer, after a pause that grows from 15 s to minutes.
  /// @param server a host name or an IPv4 address, of 1 to kMaxServer bytes
  /// @return false if the platform has no memory for the client now
  virtual bool start(Text server) = 0;
  /// Asks no more, and drops a time that was not taken.
  virtual void stop() = 0;
  /// Takes the latest time. Each answer wakes the loop. @return false if there was no answer since the last call
  virtual bool take(SntpTime& time) = 0;

 protected:
  ~Sntp() = default;
};

}  // namespace pb
