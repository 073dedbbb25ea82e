"""What a page has around its article: menus, bread crumbs, share buttons, neighbours, footers."""

import re
from functools import lru_cache
from typing import Final

from worker.reading.markup import tags

_NAMES: Final = re.compile(r' (?:class|id)="([^"]*)')
_NAVIGATION: Final = tags("nav footer aside menu")
_NAVIGATION_NAME: Final = re.compile(
    r"(?:^|[\s_-])(?:\w*nav\w*|menu\w*|footer|foot|crumbs?|bread\w*|location|position|dqwz|wz"
    r"|\w*share\w*|side(?:bar)?|aside|related?|xgxx|prev|next|pager|pagination|copyright"
    r"|links?|friend\w*|search\w*|login|tools?|toolbar|print|qrcode|ewm|banner|logo|sitemap|tags?)"
    r"(?=$|[\s_\d-])",
    re.IGNORECASE,
)
_OPENING: Final = r"[【\[（(]?\s*"
_WORDS: Final = (
    r"(?:上|下)一?(?:篇|条|页)|打印|关闭|分享|扫一扫|【?字[体号]|浏览|阅读|点击|访问",
    r"您?(?:现在|当前)?(?:的|所在)?(?:的)?位置|当前位置|返回(?:顶部|首页)|收藏|设为首页|网站地图|无障碍",
    r"版权所有|网站标识码|.{0,12}(?:ICP备|公网安备)|(?:主办|承办)(?:单位)?\s*[:：]",
    r"(?:信息|文章|稿件)?来源\s*[:：]|发布(?:时间|日期|单位|机构)|(?:责任)?编辑\s*[:：]|作者\s*[:：]|索\s*引\s*号",
    r"相关(?:链接|阅读|附件|稿件|文档|信息)(?!\w)",
)
_FURNITURE: Final = re.compile(rf"{_OPENING}(?:{'|'.join(_WORDS)})")
_LONGEST: Final = 120


def is_navigation(tag: str, attributes: str) -> bool:
    """Tell whether an element says by its name that it is no part of an article.

    ``attributes`` are those of its start tag, as a parser writes them out.
    """
    if tag in _NAVIGATION:
        return True
    if not attributes:
        return False
    return any(map(_names_navigation, _NAMES.findall(attributes))) or (
        ' role="navigation"' in attributes
    )


@lru_cache(maxsize=4096)
def _names_navigation(name: str) -> bool:
    return _NAVIGATION_NAME.search(name) is not None


def is_furniture(text: str) -> bool:
    """Tell whether a line, no sentence, begins as those do that every page of a site has."""
    return len(text) <= _LONGEST and "。" not in text and _FURNITURE.match(text) is not None
