#pragma once

namespace pb {

/// What firmware/version.txt says; the build passes it in.
constexpr const char* kVersion = PLUGBENCH_VERSION;

}  // namespace pb
