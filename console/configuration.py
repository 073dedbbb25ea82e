"""What each setting means: the commented ``gouji.toml`` and the tables of the manual."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

from worker.settings import PREFIX, Settings


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a setting is for, in both languages of the manual."""

    english: str
    chinese: str


MEANINGS: Final[dict[str, Meaning]] = {
    "data_dir": Meaning(
        "where the database, the archive, the embedded queue and the logs are kept",
        "数据库、原文存档、内嵌队列和日志所在目录",
    ),
    "inbox": Meaning(
        "the folder that is watched; more than one: see [[source]]",
        "被监视的收件目录；多个目录见 [[source]]",
    ),
    "database_url": Meaning(
        'SQLAlchemy URL; "" is SQLite in data_dir', "数据库地址；空为 data_dir 中的 SQLite"
    ),
    "broker_url": Meaning(
        'redis://, rediss://, unix://, amqp:// or amqps://; "" is the embedded Valkey in data_dir',
        "队列地址 redis://、rediss://、unix://、amqp:// 或 amqps://；空为内嵌的 Valkey",
    ),
    "archive_url": Meaning(
        'where originals are kept: a directory or s3://bucket/prefix; "" is data_dir/archive',
        "原文存档位置：目录或 s3://bucket/prefix；空为 data_dir/archive",
    ),
    "log_format": Meaning(
        "json, console, or auto: console on a terminal",
        "json、console，或 auto（终端上为 console）",
    ),
    "log_level": Meaning("debug, info, warning or error", "debug、info、warning 或 error"),
    "worker_processes": Meaning("worker processes", "工作进程数"),
    "worker_threads": Meaning("threads in each worker process", "每个工作进程的线程数"),
    "ocr_processes": Meaning(
        "processes of gouji up, beside those, that read scans and nothing else",
        "gouji up 另设的只识别扫描件的进程数",
    ),
    "scan_interval": Meaning(
        "seconds between two scans for what file events missed",
        "两次全量扫描之间的秒数（补上文件事件漏掉的）",
    ),
    "settle": Meaning(
        "seconds a file must rest before it is taken; unset: 2, on network mounts 30",
        "文件静止多少秒后才收取；不设则为 2，网络盘为 30",
    ),
    "unsettled_after": Meaning(
        "seconds until a file that never comes to rest is reported",
        "文件迟迟不静止，多少秒后报告",
    ),
    "max_outstanding": Meaning(
        "messages on the queue fast at most, an eighth on slow and urgent, a 32nd on ocr; "
        "the rest waits in the database",
        "fast 队列中消息数上限，slow 和 urgent 为其八分之一，ocr 为三十二分之一；"
        "其余在数据库中等候",
    ),
    "max_bytes": Meaning("the largest file that is read, in bytes", "单个文件的最大字节数"),
    "reading_timeout": Meaning(
        "seconds that reading one file may take; it is refused as timeout then",
        "读取一个文件最多用时秒数，超过则以 timeout 拒收",
    ),
    "reading_memory": Meaning(
        "bytes of memory that reading one file may take; it is refused as too_large then",
        "读取一个文件最多占用内存字节数，超过则以 too_large 拒收",
    ),
    "lease": Meaning(
        "seconds a worker may hold a document before another may take it over",
        "一份文件被一个工作进程占有的最长秒数，逾期可由他人接手",
    ),
    "sweep_interval": Meaning(
        "seconds between two looks for documents the queue lost",
        "两次查找队列丢失文件之间的秒数",
    ),
    "retry_min": Meaning(
        "seconds before the first retry after a transient failure",
        "暂时性故障后第一次重试前的秒数",
    ),
    "retry_max": Meaning("seconds before a retry at most", "重试前等待的最长秒数"),
    "max_retries": Meaning(
        "retries after transient failures before a document is dead-lettered",
        "暂时性故障的重试次数，用尽则进入死信",
    ),
    "grace": Meaning(
        "seconds that everything has to finish when stopped", "停止时留给各部分收尾的秒数"
    ),
    "console_host": Meaning(
        'where the web console listens; elsewhere than here only once there is a user; "": '
        "gouji up runs none",
        "网页控制台监听地址；非本机地址须先有用户；空则 gouji up 不开控制台",
    ),
    "console_port": Meaning("its port; 0 is any free one", "网页控制台端口；0 为任一空闲端口"),
    "console_url": Meaning(
        "the address that browsers see, where a proxy stands before it: https://gouji.example.cn; "
        '"": they see its own',
        "经代理访问时浏览器所见的地址，如 https://gouji.example.cn；空则直接访问",
    ),
    "keep_events": Meaning(
        "days that details of the timeline are kept; 0: for ever", "经过明细保留天数；0 为永久"
    ),
    "keep_attempts": Meaning(
        "days that tracebacks of attempts are kept; 0: for ever",
        "处理出错堆栈保留天数；0 为永久",
    ),
    "keep_done": Meaning(
        "days that originals stay in .gouji/done; 0: for ever",
        "原件在 .gouji/done 中保留天数；0 为永久",
    ),
    "keep_orphans": Meaning(
        "days that bytes no document has stay in the archive; 0: for ever",
        "存档中无主内容保留天数；0 为永久",
    ),
    "notify_webhook": Meaning(
        "URLs that new dead letters are posted to as JSON, with spaces between",
        "新死信以 JSON 推送到的地址，空格分隔",
    ),
    "notify_secret": Meaning(
        'what those are signed with (HMAC-SHA256, Standard Webhooks); "": not signed',
        "上述推送的签名密钥（HMAC-SHA256，Standard Webhooks）；空则不签名",
    ),
    "notify_apprise": Meaning(
        "Apprise URLs that are told too, with spaces between; needs gouji[notify]",
        "另行通知的 Apprise 地址（钉钉、企业微信、飞书、邮件等），空格分隔；需 gouji[notify]",
    ),
    "notify_interval": Meaning(
        "seconds between two messages to one address at least",
        "同一地址两次通知之间的最少秒数",
    ),
    "otlp_endpoint": Meaning(
        "URL of the OpenTelemetry collector that traces are sent to (OTLP over HTTP), such as "
        'http://127.0.0.1:4318; "": nobody; needs gouji[otel]',
        "接收链路追踪的 OpenTelemetry 收集器地址（OTLP/HTTP），如 http://127.0.0.1:4318；空则不发送；"
        "需 gouji[otel]",
    ),
    "alive_file": Meaning(
        "a file that gouji up, or a part that runs alone, touches every few seconds, for "
        'gouji alive; "": none',
        "gouji up 或单独运行的部分每隔几秒更新的文件，供 gouji alive 查看；空则无",
    ),
}

_HEAD: Final = """\
# gouji settings / 勾稽配置
# Every line below is the default; take the # away to change it. The environment overrides the
# file: data_dir is {prefix}DATA_DIR, and so on. Times are in seconds, those of keep_... in days.
# Relative paths start at the directory of this file.
# 以下各行均为默认值，去掉 # 即可修改；环境变量优先于本文件。相对路径从本文件所在目录算起。

"""

_SOURCES: Final = """\
# More than one watched folder, in place of the default inbox / 监视多个目录（代替默认的 inbox）：
# [[source]]
# name = "letters"       # shown in status and logs
# path = "/srv/letters"
# settle = 30.0          # optional
# mode = "auto"          # or "scan": never use file system events
#
# What a crawler leaves behind; docs/crawlers.md / 爬虫产出，见 docs/crawlers.md：
# [[source]]
# kind = "crawl"         # a directory that is never touched / 只读不动的目录
# path = "/srv/mirror"
# ignore = ["*.css", "*.js", "robots.txt"]
# [[source]]
# kind = "feed"          # .jl, .jsonl, .warc, .warc.gz: a file or a directory of them
# path = "/srv/crawl/items.jl"
# files = "/srv/crawl/files"   # what files[].path is relative to
# [[source]]
# kind = "push"          # POST /api/v1/documents; gouji token create NAME
# host = "127.0.0.1"     # elsewhere only with exposed = true: there is no TLS / 无 TLS
# port = 8350
# rate = 1200            # requests a minute of one token / 每个令牌每分钟请求数
"""


def explained() -> Iterator[tuple[str, Any, Meaning]]:
    """Yield every setting that is one value: its name, default and meaning."""
    defaults = Settings()
    for field in fields(Settings):
        if field.name != "sources":
            yield field.name, getattr(defaults, field.name), MEANINGS[field.name]


def as_toml() -> str:
    """Return a ``gouji.toml`` that changes nothing and explains every setting."""
    lines = [_HEAD.format(prefix=PREFIX)]
    for name, default, meaning in explained():
        lines.append(f"# {meaning.english}\n# {meaning.chinese}\n# {name} = {_value(default)}\n\n")
    return "".join(lines) + _SOURCES


def as_markdown(*, chinese: bool = False) -> str:
    """Return the table of settings for the manual."""
    head = (
        ("配置项", "环境变量", "默认值", "含义")
        if chinese
        else (
            "setting",
            "environment",
            "default",
            "meaning",
        )
    )
    rows = [head, ("---",) * 4]
    for name, default, meaning in explained():
        text = meaning.chinese if chinese else meaning.english
        rows.append((f"`{name}`", f"`{PREFIX}{name.upper()}`", _shown(default), text))
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _value(default: Any) -> str:
    if default is None:
        return "2.0"
    return f'"{default}"' if isinstance(default, str | Path) else f"{default}"


def _shown(default: Any) -> str:
    return "–" if default is None else f"`{_value(default)}`"
