#pragma once

#include <string>
#include <vector>

#include "support/ram_flash.h"

namespace pb::powercut {

/// A power cut: the number of the program or erase, from 1, and its effect.
struct Cut {
  uint64_t operation = 0;
  Tear effect = Tear::none;
};

/// The cuts of a run, with its scenario and seed. As text `charge-online:17h:5r:s1`: a cut at operation 17, which is
/// half done, and one at operation 5 of the next boot, with random bits; n means an operation without effect.
struct RunId {
  std::string scenario;
  std::vector<Cut> cuts;
  uint32_t seed = 1;

  std::string text() const;
  /// @return false, with the error in `complaint`, for any text that text() does not produce.
  bool parse(const std::string& text, std::string& complaint);
};

}  // namespace pb::powercut
