#include <bootloader_random.h>
#include <esp_err.h>
#include <esp_event.h>
#include <esp_log.h>
#include <esp_netif.h>
#include <esp_system.h>
#include <freertos/FreeRTOS.h>
#include <freertos/task.h>
#include <nvs_flash.h>
#include <sdkconfig.h>

#include <new>

#include "app/app.h"
#include "features/board/pins.h"
#include "port/esp32/esp_clock.h"
#include "port/esp32/esp_edges.h"
#include "port/esp32/esp_gpio.h"
#include "port/esp32/esp_heap.h"
#include "port/esp32/esp_interlock.h"
#include "port/esp32/esp_mapped_flash.h"
#include "port/esp32/esp_partition_flash.h"
#include "port/esp32/esp_power.h"
#include "port/esp32/esp_retained_ram.h"
#include "port/esp32/esp_rng.h"
#include "port/esp32/esp_secrets.h"
#include "port/esp32/esp_sntp.h"
#include "port/esp32/esp_system.h"
#include "port/esp32/esp_tcp.h"
#include "port/esp32/esp_uart.h"
#include "port/esp32/esp_udp.h"
#include "port/esp32/esp_updates.h"
#include "port/esp32/esp_waker.h"
#include "port/esp32/esp_worker.h"
#include "port/esp32/log_redirect.h"

#if CONFIG_ETH_USE_OPENETH
#include "port/esp32/esp_ethernet.h"
#else
#include "port/esp32/esp_wifi.h"
#endif

namespace pb::esp32 {

namespace {

#if CONFIG_ETH_USE_OPENETH
using Link = EspEthernet;
#else
using Link = EspWifi;
#endif

// ESP-IDF's tasks for timers, events, lwIP and radio have priorities from 18 to 23. The UART's task is above the loop,
// so that it empties the console before the loop fills it again. The worker is below the loop, so that a job never runs
// inside the poll that posted it.
constexpr UBaseType_t kUartPriority = 6;
constexpr UBaseType_t kLoopPriority = 5;
constexpr UBaseType_t kWorkerPriority = 3;

/// A slow reader of the console must not delay the restart for longer.
constexpr uint32_t kDrainMs = 1000;

/// The chip: every port.
struct Chip {
  EspClock clock;
  EspWaker waker{clock};
  EspUart uart{waker, kUartPriority};
  EspGpio gpio;
  EspInterlock interlock{gpio, waker, pins::kContactor, pins::kEmergencyStop};
  EspEdges edges{waker};
  EspWorker worker{waker, kWorkerPriority};
  EspPartitionFlash storage{"storage"};
  EspMappedFlash schemas_0{"schemas_0"};
  EspMappedFlash schemas_1{"schemas_1"};
  Link network{waker};
  EspHeap heap;
  EspRng rng;
  EspSecrets secrets;
  EspTcp tcp{clock, waker, heap, secrets, rng};
  EspSystem system{tcp, heap};
  EspRetainedRam retained;
  EspPower power;
  EspUpdates updates;
  EspUdp udp{waker};
  EspSntp sntp{clock, waker};

  Ports ports() {
    return {clock,  rng,   gpio,   interlock, edges, uart,      network,   tcp,     storage, secrets, heap,
            worker, waker, system, retained,  power, schemas_0, schemas_1, updates, udp,     sntp};
  }
};

// Static memory, so that the linker counts it and the heap is left to ESP-IDF.
alignas(Chip) uint8_t chip_memory[sizeof(Chip)];
alignas(App) uint8_t app_memory[sizeof(App)];

/// Initializes ESP-IDF's own NVS, and erases it if its pages cannot be read, as after a change of the partition table.
void start_nvs() {
  esp_err_t error = nvs_flash_init();
  if (error == ESP_ERR_NVS_NO_FREE_PAGES || error == ESP_ERR_NVS_NEW_VERSION_FOUND) {
    ESP_ERROR_CHECK(nvs_flash_erase());
    error = nvs_flash_init();
  }
  ESP_ERROR_CHECK(error);
}

[[noreturn]] void run() {
  vTaskPrioritySet(nullptr, kLoopPriority);
#if CONFIG_ETH_USE_OPENETH
  // Without a radio the random number generator has no source of noise. This call gives it one, and occupies the ADC,
  // which has no other use here.
  bootloader_random_enable();
#endif
  start_nvs();
  ESP_ERROR_CHECK(esp_netif_init());
  ESP_ERROR_CHECK(esp_event_loop_create_default());
  Chip* chip = new (chip_memory) Chip;
  redirect_log_to(chip->uart);
  App* app = new (app_memory) App(chip->ports());
  // Ignore the reason: software can restart the chip in one way only.
  app->run();
  chip->interlock.open();
  chip->uart.drain(kDrainMs);
  esp_restart();
}

}  // namespace

}  // namespace pb::esp32

extern "C" void app_main() { pb::esp32::run(); }
