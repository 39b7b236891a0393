#pragma once

#include <unity.h>

#include <string>

#include "core/text.h"

namespace pb {

inline std::string str(Text text) { return std::string(text.data, text.length); }

inline void check_text(const std::string& expected, Text actual) {
  TEST_ASSERT_EQUAL_STRING(expected.c_str(), str(actual).c_str());
}

/// Fails with the text of `whole` when it does not contain `part`.
inline void check_contains(const std::string& part, const std::string& whole) {
  if (whole.find(part) == std::string::npos) {
    TEST_FAIL_MESSAGE(("expected '" + part + "' in: " + whole).c_str());
  }
}

}  // namespace pb
