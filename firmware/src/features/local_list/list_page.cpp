#include "features/local_list/list_page.h"

namespace pb {

bool ListPage::count(Bytes content, size_t& records) {
  records = 0;
  IdTagRecord record;
  for (size_t at = 0; at < content.length; ++records) {
    const size_t size = record.decode(content.after(at));
    if (size == 0) return false;
    at += size;
  }
  return true;
}

bool ListPage::find(Bytes content, Text id_tag, IdTagRecord& record) {
  for (size_t at = 0; at < content.length;) {
    const size_t size = record.decode(content.after(at));
    const int order = size == 0 ? 1 : compare_id_tags(record.id_tag, id_tag);
    if (order == 0) return true;
    if (order > 0) return false;
    at += size;
  }
  return false;
}

}  // namespace pb
