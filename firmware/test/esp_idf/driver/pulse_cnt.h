#pragma once

// API reference, Peripherals, "Pulse Counter (PCNT)".

#include "esp_err.h"

struct pcnt_unit_t;
struct pcnt_chan_t;
using pcnt_unit_handle_t = pcnt_unit_t*;
using pcnt_channel_handle_t = pcnt_chan_t*;
struct pcnt_unit_config_t {
  int low_limit;
  int high_limit;
  struct {
    uint32_t accum_count : 1;
  } flags;
};
struct pcnt_chan_config_t {
  int edge_gpio_num;
  int level_gpio_num;
};
struct pcnt_glitch_filter_config_t {
  uint32_t max_glitch_ns;
};
enum pcnt_channel_edge_action_t { PCNT_CHANNEL_EDGE_ACTION_HOLD, PCNT_CHANNEL_EDGE_ACTION_INCREASE };

esp_err_t pcnt_new_unit(const pcnt_unit_config_t* config, pcnt_unit_handle_t* unit);
esp_err_t pcnt_unit_set_glitch_filter(pcnt_unit_handle_t unit, const pcnt_glitch_filter_config_t* config);
esp_err_t pcnt_new_channel(pcnt_unit_handle_t unit, const pcnt_chan_config_t* config, pcnt_channel_handle_t* channel);
esp_err_t pcnt_channel_set_edge_action(pcnt_channel_handle_t channel, pcnt_channel_edge_action_t rising,
                                       pcnt_channel_edge_action_t falling);
esp_err_t pcnt_unit_add_watch_point(pcnt_unit_handle_t unit, int value);
esp_err_t pcnt_unit_enable(pcnt_unit_handle_t unit);
esp_err_t pcnt_unit_clear_count(pcnt_unit_handle_t unit);
esp_err_t pcnt_unit_start(pcnt_unit_handle_t unit);
esp_err_t pcnt_unit_get_count(pcnt_unit_handle_t unit, int* value);
