"""The courses of the demonstration city: what they are called, who teaches them, of which lectures.

Titles and summaries are ours; the subjects are the notice's own. A lecture's key names its script in
`lectures`; the key `clip` is the one real film.
"""

from dataclasses import dataclass, field

CLIP = "clip"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One course to be made. `price_minor` in fen; lessons are (title, lecture), the first may be watched freely."""

    key: str
    institution: str
    instructors: tuple[str, ...]
    title: str
    summary: str
    trainees: tuple[str, ...]
    occasions: tuple[str, ...]
    industries: tuple[str, ...]
    topics: tuple[str, ...]
    lessons: tuple[tuple[str, str], ...]
    price_minor: int = 0
    published_days_ago: int = 75
    has_preview: bool = field(default=True)


PLANS = (
    Plan(
        key="storage",
        institution="centre",
        instructors=("13800000009",),
        title="危险化学品储存安全：从入库到巡检",
        summary="看懂一张安全技术说明书，分清禁忌物料，管好仓库的温度、通风和应急器材。适合仓库、车间和值班人员。",
        trainees=("other_employee", "team_leader"),
        occasions=("annual_retrain", "pre_job"),
        industries=("HAZCHEM",),
        topics=("TECH:chemical", "EMERG"),
        lessons=(("入库之前先看什么", "storage"), ("泄漏了，前五分钟怎么办", "emergency")),
        published_days_ago=75,
    ),
    Plan(
        key="confined",
        institution="centre",
        instructors=("13800000009", "13800000010"),
        title="有限空间作业：先通风、再检测、后作业",
        summary="有限空间为什么会在几秒内夺走人命，作业前的三步、作业中的监护，以及为什么绝不能盲目施救。",
        trainees=("other_employee", "safety_manager"),
        occasions=("annual_retrain", "special_topic"),
        industries=("HAZCHEM", "LIGHT"),
        topics=("TECH:confined_space", "CASE"),
        lessons=(("看不见的危险", "confined"), ("一起事故的四个如果", "cases")),
        published_days_ago=70,
    ),
    Plan(
        key="electric",
        institution="school",
        instructors=("13800000013",),
        title="特种作业：持证上岗与安全用电",
        summary="哪些岗位必须持证、证书怎样复审，配电箱前的五个习惯，以及触电时如何救人又不伤己。",
        trainees=("special_operator", "special_operator:1.2"),
        occasions=("initial", "cert_review"),
        industries=("GENERAL",),
        topics=("LAW", "TECH:electric"),
        lessons=(("为什么必须持证上岗", "licence"), ("安全用电五个习惯", "electric")),
        price_minor=12_000,
        published_days_ago=60,
    ),
    Plan(
        key="height",
        institution="school",
        instructors=("13800000013",),
        title="高处作业防坠落",
        summary="安全带挂在哪里、临边洞口怎样防护、梯子怎样立得稳。三个容易忽视的细节，一次讲清。",
        trainees=("special_operator:3.1", "special_operator:3.2", "other_employee"),
        occasions=("annual_retrain", "four_new"),
        industries=("BUILDMAT", "MACH"),
        topics=("TECH:height",),
        lessons=(("高处作业的三道防线", "height"),),
        price_minor=2_900,
        published_days_ago=45,
    ),
    Plan(
        key="leader",
        institution="school",
        instructors=("13800000013",),
        title="班组长现场安全管理",
        summary="一次好的班前会五分钟就够：讲任务、讲风险、讲措施；再学会巡查时看什么、问什么、记什么。",
        trainees=("team_leader",),
        occasions=("rotation",),
        industries=("GENERAL",),
        topics=("MGMT",),
        lessons=(("五分钟班前会", "leader"), ("把隐患管在事故前面", "hazards")),
        published_days_ago=30,
    ),
    Plan(
        key="machine",
        institution="centre",
        instructors=("13800000010",),
        title="机械伤害预防与上锁挂牌",
        summary="旋转、挤压、剪切，机械伤人只有几种方式。学会停机、断电、上锁、挂牌、验证五步。附一段影片练习观察（Big Buck Bunny，© 2008 Blender Foundation，www.bigbuckbunny.org，CC BY 3.0）。",
        trainees=("other_employee", "all_staff"),
        occasions=("pre_job", "transfer"),
        industries=("MACH", "METAL", "TEXTILE"),
        topics=("TECH:mechanical", "SKILL"),
        lessons=(("五步上锁挂牌", "machine"), ("观察练习：影片片段", CLIP)),
        price_minor=0,
        published_days_ago=14,
    ),
)
