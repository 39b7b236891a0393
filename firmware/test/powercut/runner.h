#pragma once

#include <functional>

#include "powercut/cut_id.h"
#include "powercut/invariants.h"
#include "powercut/scenario.h"

namespace pb::powercut {

/// A run that broke a rule.
struct Finding {
  std::string id;
  Violation violation;
};

/// The result of the cuts of one scenario.
struct Tally {
  uint64_t operations = 0;       ///< flash operations of the scenario without a cut
  uint64_t first_cuts = 0;       ///< tried first cuts, of operations times effects
  uint64_t nested_cuts = 0;      ///< tried second cuts, each in the recovery from a first cut
  uint64_t nested_of = 0;        ///< possible second cuts in the recoveries from the tried first cuts
  uint64_t most_operations = 0;  ///< operations of the longest recovery
  uint64_t failed_runs = 0;
  std::map<std::string, uint64_t> rules;  ///< number of runs that broke each rule
};

/// The choice of cuts. First cuts: those whose operation modulo `shares` is `share`. Second cuts: at most `nested`
/// altogether, chosen by the seed if there are more. The `Limits` of the scenario apply too.
struct Extent {
  uint32_t seed = 1;
  bool all = false;
  uint64_t nested = 0;
  uint64_t share = 0;
  uint64_t shares = 1;
  /// Limit of failed runs; the rest of the scenario is skipped then. 0: no limit.
  uint64_t limit = 0;
  /// Receives the id of each run before it is played, so that a crash can be attributed.
  void (*trace)(const std::string& id) = nullptr;
};

/// Cuts the power in a scenario, lets the device recover and checks the rules.
class Runner {
 public:
  explicit Runner(const Scenario& scenario, uint32_t seed);

  /// Tries the cuts and reports each violation.
  Tally explore(const Extent& extent, const std::function<void(const Finding&)>& report);
  /// Plays one run. @param console receives the output of the console; may be nullptr
  std::vector<Violation> replay(const std::vector<Cut>& cuts, std::string* console = nullptr);

 private:
  uint64_t operations_of(const World& world) const;
  World play(const World& from, const Cut* cut, std::string* console = nullptr) const;
  World recover(const World& from, const Cut* cut, std::string* console = nullptr) const;
  void check(World& world, std::string* console = nullptr) const;
  uint64_t run_leaf(const World& cut_world, Tally& tally, const std::vector<Cut>& cuts,
                    const std::function<void(const Finding&)>& report) const;
  static bool is_enough(const Extent& extent, const Tally& tally) {
    return extent.limit > 0 && tally.failed_runs >= extent.limit;
  }
  void trace(const Extent& extent, const std::vector<Cut>& cuts) const {
    if (extent.trace != nullptr) extent.trace(id_of(cuts).text());
  }
  bool is_first_of_size(const Cut& cut) const {
    const auto found = first_of_size_.find(cut.operation);
    return found != first_of_size_.end() && found->second == cut.effect;
  }
  RunId id_of(const std::vector<Cut>& cuts) const { return {scenario_.name, cuts, seed_}; }

  const Scenario& scenario_;
  uint32_t seed_;
  World prepared_;
  Files expected_;  // after a run without a cut
  uint64_t operations_ = 0;
  std::map<uint64_t, Tear> first_of_size_;  // allocations, with the effect that the fixed part has for them
  std::vector<Violation> uncut_;            // violations of the run without a cut
};

}  // namespace pb::powercut
