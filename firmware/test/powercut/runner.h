#pragma once

#include <functional>

#include "powercut/cut_id.h"
#include "powercut/invariants.h"
#include "powercut/scenario.h"

namespace pb::powercut {

/// A run that broke an invariant.
struct Finding {
  std::string id;
  Violation violation;
};

/// What came of the cuts of one scenario.
struct Tally {
  uint64_t operations = 0;       ///< of the scenario without a cut
  uint64_t first_cuts = 0;       ///< operations times effects that were tried
  uint64_t nested_cuts = 0;      ///< second cuts that were tried, in the recovery from a first one
  uint64_t nested_of = 0;        ///< second cuts that there are, of the first cuts that were tried
  uint64_t most_operations = 0;  ///< of the longest recovery
  uint64_t failed_runs = 0;
  std::map<std::string, uint64_t> rules;  ///< runs that broke each rule
};

/// Which cuts are tried: of first cuts those whose operation has `share` as its remainder by `shares`; all of them
/// together get `nested` second cuts at most, chosen by the seed where there are more.
struct Extent {
  uint32_t seed = 1;
  uint64_t nested = 0;
  uint64_t share = 0;
  uint64_t shares = 1;
  /// Runs that may fail before the rest of the scenario is left out; 0 for no limit.
  uint64_t limit = 0;
  /// Gets the id of each run before it is played: the last one is that of a crash.
  void (*trace)(const std::string& id) = nullptr;
};

/// Cuts the power in a scenario, lets the device recover and checks the invariants.
class Runner {
 public:
  explicit Runner(const Scenario& scenario, uint32_t seed);

  /// Tries the cuts and reports each violation.
  Tally explore(const Extent& extent, const std::function<void(const Finding&)>& report);
  /// Plays one run. @param tell gets each line of the console, where it is wanted
  std::vector<Violation> replay(const std::vector<Cut>& cuts, std::string* console = nullptr);

 private:
  World play(const World& from, const Cut* cut, std::string* console = nullptr) const;
  World recover(const World& from, const Cut* cut, std::string* console = nullptr) const;
  void judge(World& world, std::string* console = nullptr) const;
  uint64_t run_leaf(const World& cut_world, Tally& tally, const std::vector<Cut>& cuts,
                    const std::function<void(const Finding&)>& report) const;
  static bool is_enough(const Extent& extent, const Tally& tally) {
    return extent.limit > 0 && tally.failed_runs >= extent.limit;
  }
  void trace(const Extent& extent, const std::vector<Cut>& cuts) const {
    if (extent.trace != nullptr) extent.trace(id_of(cuts).text());
  }
  RunId id_of(const std::vector<Cut>& cuts) const { return {scenario_.name, cuts, seed_}; }

  const Scenario& scenario_;
  uint32_t seed_;
  World prepared_;
  Files expected_;  // after a run without a cut
  uint64_t operations_ = 0;
  std::vector<Violation> uncut_;  // violations of the run without a cut
};

}  // namespace pb::powercut
