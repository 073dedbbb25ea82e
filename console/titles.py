"""The Chinese titles of events, for people; the dotted names stay what programs read."""

from collections.abc import Mapping
from typing import Final

from models.event import EventName

TITLES: Final[Mapping[str, str]] = {
    EventName.SERVICE_STARTED: "服务启动",
    EventName.SERVICE_STOPPED: "服务停止",
    EventName.PART_STARTED: "部件启动",
    EventName.PART_DIED: "部件异常退出",
    EventName.PART_STOPPED: "部件停止",
    EventName.SOURCE_WATCHING: "开始监视来源",
    EventName.SOURCE_SCANNING_ONLY: "来源仅靠扫描",
    EventName.SOURCE_OVERFLOWED: "来源事件溢出",
    EventName.SOURCE_LOST: "来源失联",
    EventName.SOURCE_RECOVERED: "来源恢复",
    EventName.SOURCE_SCANNED: "来源已扫描",
    EventName.FILE_DETECTED: "发现文件",
    EventName.FILE_SETTLED: "文件已静止",
    EventName.FILE_UNSETTLED: "文件迟迟未静止",
    EventName.FILE_CHANGED: "文件又变，放回重收",
    EventName.FILE_IGNORED: "忽略文件",
    EventName.FILE_VANISHED: "文件消失",
    EventName.FILE_MOVED: "原件已移走",
    EventName.FILE_MOVE_FAILED: "原件移动失败",
    EventName.INTAKE_FAILED: "收件失败",
    EventName.ARRIVAL_COMPLETED: "补充来源信息",
    EventName.FEED_RESTARTED: "清单从头重读",
    EventName.FEED_LINE_BAD: "清单坏行",
    EventName.FEED_STALLED: "清单末行不完整",
    EventName.FEED_FILE_WAITING: "等待清单所指文件",
    EventName.FEED_FILE_REFUSED: "清单所指文件未收",
    EventName.PUSH_LISTENING: "推送接口已开",
    EventName.PUSH_REFUSED: "拒绝推送",
    EventName.TOKEN_CREATED: "新建令牌",
    EventName.TOKEN_REVOKED: "吊销令牌",
    EventName.DOCUMENT_RECEIVED: "收到新文档",
    EventName.DOCUMENT_DUPLICATE: "内容重复",
    EventName.DOCUMENT_QUEUED: "进入队列",
    EventName.DOCUMENT_SEND_FAILED: "入队失败",
    EventName.DOCUMENT_RESENT: "重新入队",
    EventName.DOCUMENT_LEASE_EXPIRED: "处理超期收回",
    EventName.DOCUMENT_UNPACKED: "拆包完成",
    EventName.DOCUMENT_DEAD: "成为死信",
    EventName.DOCUMENT_DISCARDED: "弃置",
    EventName.DOCUMENT_RETRIED: "重新处理",
    EventName.ATTEMPT_STARTED: "开始处理",
    EventName.ATTEMPT_SKIPPED: "跳过处理",
    EventName.ATTEMPT_RETRYING: "稍后再试",
    EventName.ATTEMPT_HANDED_OVER: "转交扫描识别",
    EventName.ATTEMPT_RELEASED: "处理交还",
    EventName.ATTEMPT_NOT_RELEASED: "处理未能交还",
    EventName.ATTEMPT_SUPERSEDED: "处理已被接替",
    EventName.STAGE_FINISHED: "环节完成",
    EventName.REPORT_STORED: "报告入库",
    EventName.REPORT_SUPERSEDED: "被别的版本替下",
    EventName.REPORT_RESTORED: "放回旧版",
    EventName.REPORT_REASSESSED: "跨年核对更新",
    EventName.REPORT_IMBALANCED: "勾稽不平",
    EventName.REPORT_REFUSED: "报告未通过",
    EventName.STORE_PRUNED: "清理旧数据",
    EventName.VERIFY_REPAIRED: "对账修复",
    EventName.DATABASE_MIGRATED: "数据库已升级",
    EventName.BROKER_STARTED: "队列服务启动",
    EventName.BROKER_UNREACHABLE: "队列连不上",
}
"""Every event of the registry; a test holds them together."""


def title(name: str) -> str:
    """Return the Chinese title of an event, empty for one that the registry does not know."""
    return TITLES.get(name, "")
