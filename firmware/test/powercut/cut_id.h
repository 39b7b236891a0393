#pragma once

#include <string>
#include <vector>

#include "support/ram_flash.h"

namespace pb::powercut {

/// A power cut: at which program or erase, the first being 1, and how that is left.
struct Cut {
  uint64_t operation = 0;
  Tear effect = Tear::none;
};

/// Which cuts a run has, in which scenario, from which seed. As text `charge-online:17h:5r:s1`: a cut at operation 17,
/// half of it done, and one at operation 5 of the boot after it, with random bits; n stands for an operation without
/// effect.
struct RunId {
  std::string scenario;
  std::vector<Cut> cuts;
  uint32_t seed = 1;

  std::string text() const;
  /// @return false, with what is wrong in `complaint`, for anything that text() does not write.
  bool parse(const std::string& text, std::string& complaint);
};

}  // namespace pb::powercut
