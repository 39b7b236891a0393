#pragma once

namespace pb {

void test_rules();

}  // namespace pb
