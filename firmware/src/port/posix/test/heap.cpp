#include <vector>

#include "port/posix/device_heap.h"
#include "suites.h"
#include "support/check.h"

using namespace pb;
using namespace pb::posix;

namespace {

void heap_counts_allocated_and_freed_bytes() {
  DeviceHeap heap(10'000);
  const size_t start = heap.free_bytes();
  TEST_ASSERT_EQUAL_size_t(start, heap.largest_block());
  void* first = heap.allocate(100);
  void* second = heap.allocate(1000);
  TEST_ASSERT_TRUE(first != nullptr && second != nullptr);
  TEST_ASSERT_EQUAL_size_t(0, reinterpret_cast<uintptr_t>(second) % DeviceHeap::kAlignment);
  const size_t least = heap.free_bytes();
  TEST_ASSERT_TRUE(start - least >= 1100);
  heap.release(first);
  heap.release(second);
  heap.release(nullptr);
  TEST_ASSERT_EQUAL_size_t(start, heap.free_bytes());
  TEST_ASSERT_EQUAL_size_t(start, heap.largest_block());
  TEST_ASSERT_EQUAL_size_t(least, heap.minimum_free());
}

void fragmented_heap_has_no_large_block() {
  DeviceHeap heap(64 * 1024);
  std::vector<void*> blocks;
  for (void* block = heap.allocate(1000); block != nullptr; block = heap.allocate(1000)) blocks.push_back(block);
  TEST_ASSERT_TRUE(blocks.size() > 50);
  for (size_t i = 0; i < blocks.size(); i += 2) heap.release(blocks[i]);
  TEST_ASSERT_TRUE(heap.free_bytes() > 25'000);
  TEST_ASSERT_TRUE(heap.largest_block() < 2200);
  TEST_ASSERT_NULL(heap.allocate(3000));
  for (size_t i = 1; i < blocks.size(); i += 2) heap.release(blocks[i]);
  TEST_ASSERT_NOT_NULL(heap.allocate(60'000));
}

void heap_rejects_too_large_blocks() {
  DeviceHeap heap(1000);
  TEST_ASSERT_NULL(heap.allocate(1000));
  TEST_ASSERT_NULL(heap.allocate(SIZE_MAX));
  DeviceHeap none(8);
  TEST_ASSERT_NULL(none.allocate(1));
  TEST_ASSERT_EQUAL_size_t(0, none.largest_block());
}

}  // namespace

void run_heap_tests() {
  UnitySetTestFile(__FILE__);
  RUN_TEST(heap_counts_allocated_and_freed_bytes);
  RUN_TEST(fragmented_heap_has_no_large_block);
  RUN_TEST(heap_rejects_too_large_blocks);
}
