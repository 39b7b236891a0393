// Compares the messages received by the CSMS with the true events.
#include "powercut/invariants.h"

namespace pb::powercut {
namespace {

/// An outage loses the pulses since the last sample, one per second here, and those during its write: 10 Wh per second.
constexpr uint64_t kLossOfOutage = 25;
/// 2020-01-01: an earlier time is an unknown one.
constexpr UnixMillis kEarliest = 1'577'836'800'000;

/// A message of a transaction, parsed.
struct Message {
  bool durable = false;
  int64_t transaction = 0;
  uint64_t energy_wh = 0;
  UnixMillis time = 0;
  std::string id_tag;
};

/// A transaction as recorded by the CSMS.
struct Transaction {
  std::string start_id;
  std::string stop_id;
  std::string id_tag;
  uint64_t from_wh = 0;
  uint64_t until_wh = 0;  // the last reading
  UnixMillis begun = 0;
  std::set<std::string> readings;
};

Message read(const Received& received) {
  Message message;
  JsonError error;
  const JsonValue json = parse_json({received.payload.data(), received.payload.size()}, error);
  json.find("transactionId").get(message.transaction);
  FixedText<40> time;
  if (received.action == "StartTransaction" || received.action == "StopTransaction") {
    message.durable = true;
    FixedText<20> tag;
    json.find("idTag").get(tag);
    message.id_tag = tag.c_str();
    json.find(received.action == "StartTransaction" ? "meterStart" : "meterStop").get_unsigned(message.energy_wh);
    json.find("timestamp").get(time);
  } else if (received.action == "MeterValues") {
    // A triggered message is not part of the queue.
    message.durable = received.id.find('.') != std::string::npos;
    FixedText<24> value;
    json.path("meterValue.0.sampledValue.0.value").get(value);
    for (const char c : std::string(value.c_str())) message.energy_wh = message.energy_wh * 10 + uint64_t(c - '0');
    json.path("meterValue.0.timestamp").get(time);
  }
  parse_timestamp(time.text(), message.time);
  return message;
}

bool is_end_of_outage(const Received& received) {
  return received.payload.find("Interruption.End") != std::string::npos;
}

class History {
 public:
  explicit History(World& world) : world_(world) {}

  void check() {
    for (const Received& received : world_.csms.log()) {
      const Message message = read(received);
      if (message.durable) take(received, message);
    }
    check_numbers();
    check_stored_samples();
    check_due();
    check_ends();
    check_energy();
  }

 private:
  void violate(const std::string& rule, const Received& received, const std::string& text) {
    world_.violate(rule, received.action + " " + received.id + " " + received.payload + ": " + text);
  }

  /// OCPP-J 1.6 section 4.1.4 forbids to use an id twice on a connection. The first sending on each connection has the
  /// original id, by which the CSMS recognizes the message.
  void check_id(const Received& received) {
    const std::string base = base_of(received.id);
    if (!ids_.emplace(received.connection, received.id).second) violate("id-reused", received, "on one connection");
    const bool is_first = sent_.emplace(received.connection, base).second;
    if (is_first && received.id != base) violate("id-changed", received, "it is first sent on this connection");
  }

  void take(const Received& received, const Message& message) {
    check_id(received);
    const auto [seen, is_new] = seen_.emplace(base_of(received.id), &received);
    if (!is_new) {
      if (seen->second->payload != received.payload) {
        violate("resent-differently", received, "was " + seen->second->payload);
      }
      return;
    }
    take_number(received);
    if (message.time < kEarliest) violate("no-time", received, "its time is unknown");
    if (message.energy_wh < register_wh_) {
      violate("register-decreases", received, "the CSMS already had " + std::to_string(register_wh_) + " Wh");
    }
    register_wh_ = message.energy_wh;
    if (received.action == "StartTransaction") {
      start(received, message);
    } else if (message.transaction != 0) {
      go_on(received, message);
    }
  }

  void take_number(const Received& received) {
    const std::string base = base_of(received.id);
    const size_t dash = base.find('-');
    if (dash == std::string::npos) return violate("id", received, "the id has no number");
    const std::string nonce = base.substr(0, dash);
    const auto number = static_cast<uint32_t>(strtoul(base.c_str() + dash + 1, nullptr, 10));
    const auto [known, is_new] = numbers_.emplace(number, nonce);
    if (!is_new && known->second != nonce) violate("number-reused", received, "it was " + known->second);
    if (is_new && number != numbers_.rbegin()->first) violate("order", received, "a higher number was sent before");
    const size_t dot = base.find('.');
    if (dot == std::string::npos) return;
    // Samples share a number, followed by their index.
    const auto place = static_cast<uint32_t>(strtoul(base.c_str() + dot + 1, nullptr, 10));
    if (place != samples_[number])
      violate("number-skipped", received, "sample " + std::to_string(samples_[number]) + " is missing");
    samples_[number] = place + 1;
  }

  void start(const Received& received, const Message& message) {
    const int64_t id = world_.csms.transaction_started_by(base_of(received.id));
    size_t charges = 1;
    for (const auto& [other, transaction] : transactions_) {
      if (transaction.id_tag == message.id_tag && ++charges > world_.charges_of_tag) {
        violate("started-twice", received, "it is already transaction " + std::to_string(other));
      }
      if (transaction.stop_id.empty()) {
        violate("order", received, "transaction " + std::to_string(other) + " has no StopTransaction yet");
      }
    }
    if (message.time < ended_ && !world_.clock_was_set) {
      violate("start-before-stop", received,
              "the transaction before it ended at " + std::string(format_timestamp(ended_).c_str()));
    }
    Transaction& transaction = transactions_[id];
    transaction.start_id = received.id;
    transaction.id_tag = message.id_tag;
    transaction.from_wh = transaction.until_wh = message.energy_wh;
    transaction.begun = message.time;
  }

  void go_on(const Received& received, const Message& message) {
    const auto found = transactions_.find(message.transaction);
    if (found == transactions_.end()) return violate("order", received, "no such transaction was started");
    Transaction& transaction = found->second;
    if (!transaction.stop_id.empty()) {
      const bool stop = received.action == "StopTransaction";
      return violate(stop ? "stopped-twice" : "order", received, "it was stopped by " + transaction.stop_id);
    }
    if (message.time < transaction.begun) {
      const bool stop = received.action == "StopTransaction";
      violate(stop ? "stop-before-start" : "sample-before-start", received,
              "it began at " + std::string(format_timestamp(transaction.begun).c_str()));
    }
    transaction.until_wh = message.energy_wh;
    if (received.action == "StopTransaction") {
      transaction.stop_id = received.id;
      ended_ = message.time;
      return;
    }
    // The same reading under another id would be counted twice. Two outages in a row end with the same reading, and
    // after a step of the clock several readings may have the same time.
    const bool may_repeat = world_.clock_was_set || (world_.outages > 1 && is_end_of_outage(received));
    if (!transaction.readings.insert(received.payload).second && !may_repeat)
      violate("sampled-twice", received, "under another id");
  }

  void check_numbers() {
    uint32_t expected = numbers_.empty() ? 0 : numbers_.begin()->first;
    for (const auto& [number, nonce] : numbers_) {
      if (number != expected) {
        world_.violate("number-skipped",
                       std::to_string(expected) + " was never sent, " + std::to_string(number) + " was");
      }
      expected = number + 1;
    }
  }

  void check_stored_samples() {
    for (const std::string& id : world_.stored_samples) {
      if (seen_.count(id) == 0) world_.violate("sample-missing", id + " was on the flash, but was not sent");
    }
  }

  void check_due() {
    for (const DueMessage& message : world_.due) {
      if (!world_.csms.got(message.action, message.part)) {
        world_.violate("message-missing", message.action + " with " + message.part + " was not sent");
      }
    }
  }

  void check_ends() {
    for (const auto& [id, transaction] : transactions_) {
      if (transaction.stop_id.empty()) {
        world_.violate("left-open", "transaction " + std::to_string(id) + " of " + transaction.id_tag +
                                        " has no StopTransaction and is unknown to the device");
      }
    }
  }

  void check_energy() {
    for (const auto& [id_tag, delivered] : world_.energy_by_tag) {
      uint64_t reported = 0;
      bool known = false;
      for (const auto& [id, transaction] : transactions_) {
        if (transaction.id_tag != id_tag) continue;
        known = true;
        reported += transaction.until_wh - transaction.from_wh;
      }
      const std::string text = id_tag + " got " + std::to_string(delivered) + " Wh, reported are ";
      if (!known) {
        world_.violate("unreported", text + "none: no transaction");
      } else if (reported > delivered) {
        world_.violate("over-reported", text + std::to_string(reported));
      } else if (delivered - reported > world_.outages * kLossOfOutage) {
        world_.violate("under-reported", text + std::to_string(reported));
      }
    }
  }

  World& world_;
  std::map<std::string, const Received*> seen_;
  std::set<std::pair<uint32_t, std::string>> ids_;   // of each connection
  std::set<std::pair<uint32_t, std::string>> sent_;  // of each connection, without suffixes
  std::map<uint32_t, std::string> numbers_;
  std::map<uint32_t, uint32_t> samples_;  // of each number, so far
  std::map<int64_t, Transaction> transactions_;
  uint64_t register_wh_ = 0;
  UnixMillis ended_ = 0;  // the timestamp of the last StopTransaction
};

}  // namespace

void check_history(World& world) { History(world).check(); }

uint64_t reported_energy(const Csms& csms) {
  uint64_t most = 0;
  for (const Received& received : csms.log()) {
    const Message message = read(received);
    if (message.energy_wh > most) most = message.energy_wh;
  }
  return most;
}

}  // namespace pb::powercut
