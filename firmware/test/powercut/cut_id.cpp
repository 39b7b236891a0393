#include "powercut/cut_id.h"

#include "core/decimal.h"

namespace pb::powercut {
namespace {

constexpr char kEffects[] = {'n', 'h', 'r'};  // in the order of Tear

bool parse_number(const std::string& text, uint64_t& number) {
  return parse_decimal_unsigned({text.data(), text.size()}, number);
}

bool parse_cut(const std::string& text, Cut& cut) {
  if (text.size() < 2 || !parse_number(text.substr(0, text.size() - 1), cut.operation) || cut.operation == 0)
    return false;
  for (size_t i = 0; i < sizeof kEffects; ++i) {
    if (text.back() != kEffects[i]) continue;
    cut.effect = static_cast<Tear>(i);
    return true;
  }
  return false;
}

}  // namespace

std::string RunId::text() const {
  std::string text = scenario;
  for (const Cut& cut : cuts) {
    text += ":" + std::to_string(cut.operation) + kEffects[static_cast<size_t>(cut.effect)];
  }
  return text + ":s" + std::to_string(seed);
}

bool RunId::parse(const std::string& text, std::string& complaint) {
  std::vector<std::string> parts;
  for (size_t start = 0; start <= text.size();) {
    const size_t end = text.find(':', start) == std::string::npos ? text.size() : text.find(':', start);
    parts.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  uint64_t number = 0;
  complaint = "'" + text + "' is no id of a run; expected an id such as charge-online:17h:5r:s1";
  if (parts.size() < 2 || parts.back().size() < 2 || parts.back()[0] != 's') return false;
  if (!parse_number(parts.back().substr(1), number) || number == 0 || number > UINT32_MAX) return false;
  scenario = parts[0];
  seed = static_cast<uint32_t>(number);
  cuts.clear();
  for (size_t i = 1; i + 1 < parts.size(); ++i) {
    Cut cut;
    if (!parse_cut(parts[i], cut)) return false;
    cuts.push_back(cut);
  }
  complaint.clear();
  return true;
}

}  // namespace pb::powercut
