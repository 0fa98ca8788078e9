"""The catalogue of special operations (特种作业): categories and permitted items, as reference data.

Names: domain.md 1.3, sources [8], [14], [51]. The codes are not confirmed by an official text seen
by us, hence `NUMBERING_CONFIRMED`; items are added by the national authority, so this list grows.
"""

from dataclasses import dataclass

NUMBERING_CONFIRMED = False


@dataclass(frozen=True, slots=True)
class Item:
    """A category (`1`) or one permitted item of it (`1.2`)."""

    code: str
    zh: str
    en: str

    @property
    def category(self) -> str:
        """The code of the category this belongs to; a category's own code for itself."""
        return self.code.partition(".")[0]


ITEMS: tuple[Item, ...] = (
    Item("1", "电工作业", "Electrical work"),
    Item("1.1", "高压电工作业", "High-voltage electrical work"),
    Item("1.2", "低压电工作业", "Low-voltage electrical work"),
    Item("1.3", "防爆电气作业", "Explosion-proof electrical work"),
    Item("1.4", "电力电缆作业", "Power cable work"),
    Item("1.5", "继电保护作业", "Relay protection work"),
    Item("1.6", "电气试验作业", "Electrical testing"),
    Item("2", "焊接与热切割作业", "Welding and thermal cutting"),
    Item("2.1", "熔化焊接与热切割作业", "Fusion welding and thermal cutting"),
    Item("2.2", "压力焊作业", "Pressure welding"),
    Item("2.3", "钎焊作业", "Brazing and soldering"),
    Item("3", "高处作业", "Work at height"),
    Item("3.1", "登高架设作业", "Scaffolding"),
    Item("3.2", "高处安装、维护、拆除作业", "Installation, maintenance and removal at height"),
    Item("4", "制冷与空调作业", "Refrigeration and air conditioning"),
    Item("4.1", "制冷与空调设备运行操作作业", "Operating refrigeration and air conditioning"),
    Item(
        "4.2",
        "制冷与空调设备安装修理作业",
        "Installing and repairing refrigeration and air conditioning",
    ),
    Item("5", "煤矿安全作业", "Coal mine safety work"),
    Item("5.1", "煤矿井下电气作业", "Underground electrical work (coal)"),
    Item("5.2", "煤矿井下爆破作业", "Underground blasting (coal)"),
    Item("5.3", "煤矿安全监测监控作业", "Safety monitoring (coal)"),
    Item("5.4", "煤矿瓦斯检查作业", "Gas inspection (coal)"),
    Item("5.5", "煤矿安全检查作业", "Safety inspection (coal)"),
    Item("5.6", "煤矿提升机操作作业", "Hoist operation (coal)"),
    Item("5.7", "煤矿采煤机（掘进机）操作作业", "Shearer and roadheader operation (coal)"),
    Item("5.8", "煤矿瓦斯抽采作业", "Gas drainage (coal)"),
    Item("5.9", "煤矿防突作业", "Outburst prevention (coal)"),
    Item("5.10", "煤矿探放水作业", "Water exploration and drainage (coal)"),
    Item("6", "金属非金属矿山安全作业", "Metal and non-metal mine safety work"),
    Item("6.1", "金属非金属矿井通风作业", "Mine ventilation"),
    Item("6.2", "尾矿作业", "Tailings work"),
    Item("6.3", "金属非金属矿山安全检查作业", "Mine safety inspection"),
    Item("6.4", "金属非金属矿山提升机操作作业", "Mine hoist operation"),
    Item("6.5", "金属非金属矿山支柱作业", "Mine roof support"),
    Item("6.6", "金属非金属矿山井下电气作业", "Underground electrical work"),
    Item("6.7", "金属非金属矿山排水作业", "Mine drainage"),
    Item("6.8", "金属非金属矿山爆破作业", "Mine blasting"),
    Item("7", "石油天然气安全作业", "Oil and gas safety work"),
    Item("7.1", "司钻作业", "Driller work"),
    Item("8", "冶金（有色）生产安全作业", "Metallurgical production safety work"),
    Item("8.1", "煤气作业", "Coal gas work"),
    Item("9", "危险化学品安全作业", "Hazardous chemicals safety work"),
    Item("9.1", "光气及光气化工艺作业", "Phosgene and phosgenation"),
    Item("9.2", "氯碱电解工艺作业", "Chlor-alkali electrolysis"),
    Item("9.3", "氯化工艺作业", "Chlorination"),
    Item("9.4", "硝化工艺作业", "Nitration"),
    Item("9.5", "合成氨工艺作业", "Ammonia synthesis"),
    Item("9.6", "裂解（裂化）工艺作业", "Cracking"),
    Item("9.7", "氟化工艺作业", "Fluorination"),
    Item("9.8", "加氢工艺作业", "Hydrogenation"),
    Item("9.9", "重氮化工艺作业", "Diazotisation"),
    Item("9.10", "氧化工艺作业", "Oxidation"),
    Item("9.11", "过氧化工艺作业", "Peroxidation"),
    Item("9.12", "胺基化工艺作业", "Amination"),
    Item("9.13", "磺化工艺作业", "Sulphonation"),
    Item("9.14", "聚合工艺作业", "Polymerisation"),
    Item("9.15", "烷基化工艺作业", "Alkylation"),
    Item("9.16", "化工自动化控制仪表作业", "Chemical process control instruments"),
    Item("10", "烟花爆竹安全作业", "Fireworks safety work"),
    Item("10.1", "烟火药制造作业", "Pyrotechnic composition making"),
    Item("10.2", "黑火药制造作业", "Black powder making"),
    Item("10.3", "引火线制造作业", "Fuse making"),
    Item("10.4", "烟花爆竹产品涉药作业", "Work with charged fireworks"),
    Item("10.5", "烟花爆竹储存作业", "Fireworks storage"),
)
