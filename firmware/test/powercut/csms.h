#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "features/ocpp_message/frame.h"
#include "features/time_sync/date_time.h"

namespace pb::powercut {

/// A request of the charge point, as the CSMS got it.
struct Received {
  UnixMillis at = 0;  ///< true time
  uint32_t boot = 0;  ///< counts the starts of the device
  std::string id;
  std::string action;
  std::string payload;
};

/// The message id without the suffix of a repetition on the same connection (`-2`, `-3`).
std::string base_of(const std::string& id);

/// A CSMS that accepts everything and keeps what it got. A StartTransaction with an id that it knows gets the answer
/// that it got before.
class Csms {
 public:
  /// How far its clock is from the true time, in milliseconds.
  UnixMillis clock_offset = 0;
  /// Seconds; BootNotification.conf carries it.
  uint32_t heartbeat_interval_s = 300;
  /// Whether the answer to a StartTransaction that it does not know yet is kept back.
  bool answers_starts_late = false;
  /// The answer that was kept back last.
  std::string late_answer;

  /// Takes a text message. @return the answer to it, empty for an answer to a request of ours and where it is kept
  /// back.
  std::string take(const std::string& message, UnixMillis now, uint32_t boot);
  /// Makes a request of ours. @param id gets its message id.
  std::string request(const std::string& action, const std::string& payload, std::string& id);
  /// The payload that a request of ours was answered with; nullptr while there is none.
  const std::string* answer(const std::string& id) const;
  /// The transaction of an idTag; 0 when there is none.
  int64_t transaction_of(const std::string& id_tag) const;
  /// Transactions that were started and not stopped.
  size_t open() const { return open_.size(); }
  /// Whether a request with this text in its payload has come.
  bool got(const std::string& action, const std::string& part, size_t since = 0) const;

  const std::vector<Received>& log() const { return log_; }

 private:
  std::string respond(const Received& request);

  std::vector<Received> log_;
  std::map<std::string, int64_t> transactions_;  // by the id of the StartTransaction
  std::map<std::string, int64_t> by_tag_;
  std::set<int64_t> open_;
  std::map<std::string, std::string> answers_;
  uint32_t requests_ = 0;
};

}  // namespace pb::powercut
