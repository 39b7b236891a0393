#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "features/ocpp_message/frame.h"
#include "features/time_sync/date_time.h"

namespace pb::powercut {

/// A request of the charge point as received by the CSMS.
struct Received {
  UnixMillis at = 0;  ///< true time
  uint32_t boot = 0;  ///< number of the device's boot
  uint32_t connection = 0;
  std::string id;
  std::string action;
  std::string payload;
};

/// The message id without the suffix of a resend on the same connection (`-2`, `-3`).
std::string base_of(const std::string& id);

/// A CSMS that accepts everything and records it. A StartTransaction with a known id gets the same answer again.
class Csms {
 public:
  /// The id of its first transaction.
  int64_t first_transaction = 101;
  /// Offset of its clock from the true time, in milliseconds.
  UnixMillis clock_offset = 0;
  /// The interval in BootNotification.conf, in seconds.
  uint32_t heartbeat_interval_s = 300;
  /// Whether the answer to a new StartTransaction is withheld.
  bool answers_starts_late = false;
  /// The last withheld answer.
  std::string late_answer;

  /// A new connection begins: the messages that follow arrive on it.
  void connected() { ++connection_; }
  /// Takes a text message. @return the answer to it, empty for an answer to a request, and for a withheld one.
  std::string take(const std::string& message, UnixMillis now, uint32_t boot);
  /// Creates a request of the CSMS. @param id receives its message id.
  std::string request(const std::string& action, const std::string& payload, std::string& id);
  /// The payload of the answer to a request; nullptr before it arrives.
  const std::string* answer(const std::string& id) const;
  /// The id of the last transaction of an idTag; 0 if there is none.
  int64_t transaction_of(const std::string& id_tag) const;
  /// The id of the transaction that a message started; 0 if it started none. @param id without the suffix of a resend
  int64_t transaction_started_by(const std::string& id) const;
  /// Transactions that were started and not stopped.
  size_t open() const { return open_.size(); }
  /// Whether a request with this text in its payload has arrived.
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
  uint32_t connection_ = 0;
};

}  // namespace pb::powercut
