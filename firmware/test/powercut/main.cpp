// Cuts the power at every flash operation of the scenarios. tools/powercut.py starts it, one process per share.
#include <stdio.h>
#include <string.h>

#include "core/decimal.h"
#include "powercut/runner.h"

using namespace pb::powercut;

namespace {

constexpr int kUsage = 2;

std::string quoted(const std::string& text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result + "\"";
}

void print_finding(const Finding& finding) {
  printf("{\"id\":%s,\"rule\":%s,\"text\":%s}\n", quoted(finding.id).c_str(), quoted(finding.violation.rule).c_str(),
         quoted(finding.violation.text).c_str());
}

void print_tally(const Scenario& scenario, const Tally& tally) {
  printf("{\"scenario\":%s,\"operations\":%llu,\"first_cuts\":%llu,\"nested_cuts\":%llu,\"nested_of\":%llu,",
         quoted(scenario.name).c_str(), static_cast<unsigned long long>(tally.operations),
         static_cast<unsigned long long>(tally.first_cuts), static_cast<unsigned long long>(tally.nested_cuts),
         static_cast<unsigned long long>(tally.nested_of));
  printf("\"most_operations\":%llu,\"failed_runs\":%llu,\"rules\":{",
         static_cast<unsigned long long>(tally.most_operations), static_cast<unsigned long long>(tally.failed_runs));
  const char* separator = "";
  for (const auto& [rule, count] : tally.rules) {
    printf("%s%s:%llu", separator, quoted(rule).c_str(), static_cast<unsigned long long>(count));
    separator = ",";
  }
  printf("}}\n");
  fflush(stdout);
}

int complain(const std::string& what) {
  fprintf(stderr, "powercut: %s\n", what.c_str());
  return kUsage;
}

int replay(const std::string& text) {
  RunId id;
  std::string complaint;
  if (!id.parse(text, complaint)) return complain(complaint);
  const Scenario* scenario = scenarios().find(id.scenario);
  if (scenario == nullptr) return complain("there is no scenario '" + id.scenario + "'; see --list");
  std::string console;
  const std::vector<Violation> violations = Runner(*scenario, id.seed).replay(id.cuts, &console);
  printf("%s", console.c_str());
  for (const Violation& violation : violations) printf("%s: %s\n", violation.rule.c_str(), violation.text.c_str());
  printf("%s: %zu violations\n", text.c_str(), violations.size());
  return violations.empty() ? 0 : 1;
}

}  // namespace

int main(int count, char** arguments) {
  Extent extent;
  std::string wanted;
  for (int i = 1; i < count; ++i) {
    const std::string option = arguments[i];
    if (option == "--list") {
      for (const Scenario& each : scenarios()) printf("%s\n", each.name);
      return 0;
    }
    if (option == "--all") {
      extent.all = true;
      continue;
    }
    if (option == "--trace") {
      extent.trace = [](const std::string& id) {
        printf("%s\n", id.c_str());
        fflush(stdout);
      };
      continue;
    }
    if (i + 1 == count) return complain(option + " needs a value, or is an unknown option");
    const std::string value = arguments[++i];
    if (option == "--id") return replay(value);
    if (option == "--scenario") {
      wanted = value;
      continue;
    }
    uint64_t number = 0;
    if (!pb::parse_decimal_unsigned({value.data(), value.size()}, number)) return complain(option + " needs a number");
    if (option == "--seed") {
      extent.seed = static_cast<uint32_t>(number);
    } else if (option == "--nested") {
      extent.nested = number;
    } else if (option == "--limit") {
      extent.limit = number;
    } else if (option == "--share") {
      extent.share = number;
    } else if (option == "--shares" && number > 0) {
      extent.shares = number;
    } else {
      return complain("'" + option + " " + value +
                      "' is no option: --list, --id ID, --scenario NAME, --seed N, "
                      "--nested N, --all, --limit N, --share K --shares N, --trace");
    }
  }
  if (!wanted.empty() && scenarios().find(wanted) == nullptr) {
    return complain("there is no scenario '" + wanted + "'; see --list");
  }
  bool failed = false;
  for (const Scenario& scenario : scenarios()) {
    if (!wanted.empty() && wanted != scenario.name) continue;
    const Tally tally = Runner(scenario, extent.seed).explore(extent, &print_finding);
    print_tally(scenario, tally);
    failed = failed || tally.failed_runs > 0;
  }
  return failed ? 1 : 0;
}
