#include "powercut/csms.h"

namespace pb::powercut {
namespace {

std::string str(Text text) { return {text.data, text.length}; }

}  // namespace

std::string base_of(const std::string& id) {
  const size_t first = id.find('-');
  return first == std::string::npos ? id : id.substr(0, id.find('-', first + 1));
}

std::string Csms::take(const std::string& message, UnixMillis now, uint32_t boot) {
  const OcppFrame frame = read_ocpp_frame({message.data(), message.size()});
  if (frame.kind == OcppFrame::Kind::result) answers_[str(frame.id.text())] = str(frame.payload.raw());
  if (frame.kind == OcppFrame::Kind::error) answers_[str(frame.id.text())] = str(frame.code.text());
  if (frame.kind != OcppFrame::Kind::call) return "";
  log_.push_back({now, boot, connection_, str(frame.id.text()), str(frame.action.text()), str(frame.payload.raw())});
  const bool is_late = answers_starts_late && log_.back().action == "StartTransaction" &&
                       transactions_.count(base_of(log_.back().id)) == 0;
  const std::string answer = "[3,\"" + log_.back().id + "\"," + respond(log_.back()) + "]";
  if (!is_late) return answer;
  late_answer = answer;
  return "";
}

std::string Csms::respond(const Received& request) {
  const std::string time = format_timestamp(request.at + clock_offset).c_str();
  const std::string accepted = R"("idTagInfo":{"status":"Accepted"})";
  if (request.action == "BootNotification") {
    return R"({"status":"Accepted","currentTime":")" + time + R"(","interval":)" +
           std::to_string(heartbeat_interval_s) + "}";
  }
  if (request.action == "Heartbeat") return R"({"currentTime":")" + time + "\"}";
  if (request.action == "Authorize") return "{" + accepted + "}";
  JsonError error;
  const JsonValue payload = parse_json({request.payload.data(), request.payload.size()}, error);
  if (request.action == "StopTransaction") {
    int64_t stopped = 0;
    payload.find("transactionId").get(stopped);
    open_.erase(stopped);
    return "{" + accepted + "}";
  }
  if (request.action != "StartTransaction") return "{}";
  int64_t& id = transactions_[base_of(request.id)];
  if (id == 0) {
    id = first_transaction + static_cast<int64_t>(transactions_.size()) - 1;
    open_.insert(id);
  }
  FixedText<20> tag;
  payload.find("idTag").get(tag);
  by_tag_[tag.c_str()] = id;
  return R"({"transactionId":)" + std::to_string(id) + "," + accepted + "}";
}

std::string Csms::request(const std::string& action, const std::string& payload, std::string& id) {
  id = "csms-" + std::to_string(++requests_);
  return "[2,\"" + id + "\",\"" + action + "\"," + payload + "]";
}

const std::string* Csms::answer(const std::string& id) const {
  const auto found = answers_.find(id);
  return found == answers_.end() ? nullptr : &found->second;
}

int64_t Csms::transaction_of(const std::string& id_tag) const {
  const auto found = by_tag_.find(id_tag);
  return found == by_tag_.end() ? 0 : found->second;
}

int64_t Csms::transaction_started_by(const std::string& id) const {
  const auto found = transactions_.find(id);
  return found == transactions_.end() ? 0 : found->second;
}

bool Csms::got(const std::string& action, const std::string& part, size_t since) const {
  for (size_t i = since; i < log_.size(); ++i) {
    if (log_[i].action == action && log_[i].payload.find(part) != std::string::npos) return true;
  }
  return false;
}

}  // namespace pb::powercut
