#pragma once

// API reference, System, "Random Number Generation".

void bootloader_random_enable();
