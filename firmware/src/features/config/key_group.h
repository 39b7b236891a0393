#pragma once

#include "core/text.h"

namespace pb {

/// The groups in which a view shows the settings, in the order of the table in keys.cpp.
enum class KeyGroup : uint8_t { csms, network, authorization, connector, metering, transactions, device };

constexpr Text kKeyGroupNames[] = {"csms",     "network",      "authorization", "connector",
                                   "metering", "transactions", "device"};

constexpr Text name_of(KeyGroup group) { return kKeyGroupNames[static_cast<size_t>(group)]; }

}  // namespace pb
