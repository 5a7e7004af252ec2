from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("bkoauth", "0002_auto_20161117_1754")]
    operations = [
        migrations.AlterField(
            model_name="accesstoken",
            name="env_name",
            field=models.CharField("environment", max_length=255, db_index=True),
        ),
        migrations.AlterField(
            model_name="accesstoken",
            name="user_id",
            field=models.CharField("user", max_length=64, null=True, blank=True, db_index=True),
        ),
    ]
